#compdef seal open
# Completion of seal and open for zsh, as "seal completion zsh" prints it.

# Offers contacts and groups: what has the form of a name, and no other.
_seal_names() {
  local name form=$1
  local -a names
  shift
  for name in "${(@f)$(command seal completion --names 2>/dev/null)}"; do
    [[ $name =~ "^${form}[a-z0-9][a-z0-9_-]*\$" ]] && names+=("$name")
  done
  compadd "$@" -a names
}

_seal_contacts() { _seal_names '@?' "$@" }

_seal_contacts_without_groups() { _seal_names '' "$@" }

# Offers hosts that ssh knows, once that is asked for: what has the form of a host, and no other.
_seal_hosts() {
  local name
  local -a hosts
  for name in "${(@f)$(command seal completion --hosts 2>/dev/null)}"; do
    [[ $name =~ '^host:[][A-Za-z0-9._%:-]+$' ]] && hosts+=("$name")
  done
  compadd "$@" -a hosts
}

_seal_recipients() {
  if [[ $PREFIX == host:* ]]; then
    _seal_hosts
    return
  fi
  _alternative 'names:contact or group:_seal_contacts' 'files:public keys:_files -g "*.pub"'
}

_seal_senders() {
  _alternative 'names:contact:_seal_contacts_without_groups' 'files:public keys:_files -g "*.pub"'
}

# A command, where it is the first word, or a file.
_seal_first() {
  local -a known=(
    #{commands}
  )
  (( CURRENT == 2 )) && _describe -t commands command known
  _files
}

# The arguments and options of a command.
_seal_arguments() {
  case $1 in
    #{arguments}
  esac
}

_seal() {
  local beside="${commands[seal]:h}/open" command=seal
  if [[ $service == open ]]; then
    # Only the open beside seal: elsewhere a program of the system has that name.
    if [[ $commands[open] == $beside ]]; then _seal_arguments open; else _default; fi
    return
  fi
  local -i at=2
  while (( at < CURRENT )) && [[ $words[at] == (--json|-q|--quiet) ]]; do (( at++ )); done
  if (( at < CURRENT )) && [[ $words[at] == (#{names}) ]]; then
    command=$words[at]
    (( at++ ))
  fi
  if [[ $command == (#{groups}) ]]; then
    while (( at < CURRENT )) && [[ $words[at] == (--json|-q|--quiet) ]]; do (( at++ )); done
    if (( at < CURRENT )); then
      command+=" $words[at]"
      (( at++ ))
    fi
  fi
  words=("$words[1]" "${(@)words[at,-1]}")
  (( CURRENT -= at - 2 ))
  _seal_arguments "$command"
}

if [[ $funcstack[1] == _seal ]]; then
  _seal "$@"
else
  compdef _seal seal
  if [[ $commands[open] == "${commands[seal]:h}/open" ]]; then compdef _seal open; fi
fi
