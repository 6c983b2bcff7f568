# Completion of seal and open for bash, from 3.2 on, as "seal completion bash" prints it.
# Nothing that comes from a file or the command line is expanded a second time: no eval, no compgen -W.

# Sets words: those up to the cursor, put together again where bash takes them apart, at "=", ":" and "@".
_seal_words() {
  local line=${COMP_LINE:0:COMP_POINT} blank part i
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blank=${line%%[!$' \t']*}
    line=${line#"$blank"}
    part=${line:0:${#COMP_WORDS[i]}}
    line=${line:${#COMP_WORDS[i]}}
    if ((i == 0)) || [[ -n $blank ]]; then
      words[${#words[@]}]=$part
    else
      words[${#words[@]} - 1]+=$part
    fi
  done
}

# The words that may stand behind one, or behind the program.
_seal_commands() {
  known=
  case $1 in
    '') known='#{commands}' ;;
    #{groups}
  esac
}

# The options of a command.
_seal_flags() {
  case $1 in
    #{flags}
  esac
}

# What an option of a command takes; empty where it takes nothing.
_seal_option_kind() {
  kind=
  case "$1 $2" in
    #{option kinds}
  esac
}

# What an argument of a command is, counted from 0.
_seal_argument_kind() {
  kind=none
  case "$1 $2" in
    #{argument kinds}
  esac
}

# Offers a word, where it goes on from what is typed, without the part that readline keeps.
_seal_offer() {
  if [[ $1 == "$cur"* ]]; then COMPREPLY[${#COMPREPLY[@]}]=${1:${#cur}-${#piece}}; fi
}

# Offers contacts and groups: what has the form of a name, and no other.
_seal_offer_names() {
  local name form="^$1[a-z0-9][a-z0-9_-]*\$"
  while IFS= read -r name; do
    if [[ $name =~ $form ]]; then _seal_offer "$name"; fi
  done < <(command seal completion --names 2>/dev/null)
}

# Offers hosts that ssh knows, once that is asked for: what has the form of a host, and no other.
_seal_offer_hosts() {
  local name form='^host:[][A-Za-z0-9._%:-]+$'
  while IFS= read -r name; do
    if [[ $name =~ $form ]]; then _seal_offer "$name"; fi
  done < <(command seal completion --hosts 2>/dev/null)
}

# Offers the files that a pattern matches, and directories. Where there are none, bash offers what it finds.
_seal_offer_files() {
  local path found='' before=${#COMPREPLY[@]}
  [[ $cur == *[\\\'\"\$\`~]* ]] && return
  # Without -o filenames, names would reach the command line unquoted.
  compopt -o filenames 2>/dev/null || return
  while IFS= read -r path; do
    # shellcheck disable=SC2053 # a pattern
    if [[ -d $path ]]; then
      _seal_offer "$path"
    elif [[ $path == $1 ]]; then
      found=yes
      _seal_offer "$path"
    fi
  done < <(compgen -f -- "$cur")
  [[ -n $found ]] || ((before > 0)) || COMPREPLY=()
}

_seal_offer_kind() {
  local word
  case $1 in
    text | none) compopt +o default 2>/dev/null ;;
    key) _seal_offer_files '*.key' ;;
    # Both .key and .pub, also in bash 3.2.
    signing) _seal_offer_files '*.[kp][eu][yb]' ;;
    sealed) _seal_offer_files '*.sealed' ;;
    contact) _seal_offer_names '@?' ;;
    recipient)
      if [[ $cur == host:* ]]; then
        _seal_offer_hosts
        return
      fi
      _seal_offer_names '@?'
      ((${#COMPREPLY[@]})) || _seal_offer_files '*.pub'
      ;;
    sender)
      _seal_offer_names ''
      ((${#COMPREPLY[@]})) || _seal_offer_files '*.pub'
      ;;
    'one of '*) for word in ${1#one of }; do _seal_offer "$word"; done ;;
  esac
}

# Passes over what may stand before a command.
_seal_pass_flags() {
  while ((at < last)) && [[ ${words[at]} == --json || ${words[at]} == -q || ${words[at]} == --quiet ]]; do
    at=$((at + 1))
  done
}

# Finds the command, and where its own words begin; where it is yet to come, it is empty, and known are those it may be.
_seal_find_command() {
  command=seal group= at=1
  if [[ ${words[0]##*/} == open ]]; then
    command=open
    return
  fi
  _seal_pass_flags
  if ((at < last)) && [[ -n ${words[at]} ]]; then
    _seal_commands "${words[at]}"
    if [[ -n $known ]]; then
      group=${words[at]} command=$group
      at=$((at + 1))
      _seal_pass_flags
    fi
  fi
  _seal_commands "$group"
  if ((at == last)); then
    command=
  elif [[ " $known " == *" ${words[at]} "* ]]; then
    command=${group:+$group }${words[at]}
    at=$((at + 1))
  fi
}

# Reads the words before the cursor. Sets kind where the last of them wants a value, only after --, and count.
_seal_read_words() {
  count=0 only=
  for (( ; at < last; at++)); do
    _seal_option_kind "$command" "${words[at]}"
    if [[ -n $only ]]; then
      count=$((count + 1))
    elif [[ ${words[at]} == -- ]]; then
      only=yes
    elif [[ -n $kind ]]; then
      at=$((at + 1))
      if ((at == last)); then return; fi
    elif [[ ${words[at]} == - || ${words[at]} != -* ]]; then
      count=$((count + 1))
    fi
  done
  kind=
}

_seal() {
  # What readline replaces is the last part of the word under the cursor, or all of it.
  local piece=${2#[=:]} IFS=$' \t\n' cur kind flags command group known at last count only word
  local -a words
  COMPREPLY=()
  _seal_words
  last=$((${#words[@]} - 1))
  cur=${words[last]}
  _seal_find_command
  if [[ -z $command && $cur != -* ]]; then
    for word in $known; do _seal_offer "$word"; done
    if [[ -z $group ]]; then _seal_offer_files '*'; else compopt +o default 2>/dev/null; fi
    return
  fi
  command=${command:-${group:-seal}}
  _seal_read_words
  if [[ -n $kind ]]; then
    _seal_offer_kind "$kind"
  elif [[ -z $only && $cur == --*=* ]]; then
    _seal_option_kind "$command" "${cur%%=*}"
    cur=${cur#*=}
    _seal_offer_kind "${kind:-none}"
  elif [[ -z $only && $cur == -* ]]; then
    _seal_flags "$command"
    for word in $flags; do _seal_offer "$word"; done
  else
    _seal_argument_kind "$command" "$count"
    _seal_offer_kind "$kind"
  fi
}

complete -o default -F _seal seal
# Only the open beside seal: elsewhere a program of the system has that name.
_seal_beside=$(type -P seal)
if [[ $(type -P open) == "${_seal_beside%/*}/open" ]]; then complete -o default -F _seal open; fi
unset _seal_beside
