# Completion of seal and open for fish, from 3.1 on, as "seal completion fish" prints it.

# Contacts and groups: what has the form of a name, and no other.
function __seal_names -a sign
    command seal completion --names 2>/dev/null | string match -r "^$sign"'[a-z0-9][a-z0-9_-]*$'
end

# Hosts that ssh knows, once that is asked for: what has the form of a host, and no other.
function __seal_hosts
    command seal completion --hosts 2>/dev/null | string match -r '^host:[\]\[A-Za-z0-9._%:-]+$'
end

# For a word with a colon, fish would offer the files behind it too.
function __seal_recipients
    if string match -q 'host:*' -- (commandline -ct | string replace -r '^--to=' '')
        __seal_hosts
    else
        __seal_names '@?'
        __fish_complete_suffix .pub
    end
end

# The words between seal and the cursor, less what may stand before a command.
function __seal_words
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]; and contains -- $words[1] --json -q --quiet
        set -e words[1]
    end
    string join -- \n $words
end

# Whether the command line is of this command, of one word or two: seal is sealing, and none is where no word tells yet.
function __seal_command_is
    set -l words (__seal_words)
    if not set -q words[1]
        contains -- "$argv" none seal
    else if contains -- $words[1] #{groups}
        set -l group $words[1]
        set -e words[1]
        while set -q words[1]; and contains -- $words[1] --json -q --quiet
            set -e words[1]
        end
        test "$argv" = (string trim -- "$group $words[1]")
    else if contains -- $words[1] #{names}
        test $argv[1] = $words[1]
    else
        test $argv[1] = seal
    end
end

# Whether so many words that are no options stand before the cursor, the command among them.
function __seal_words_are
    set -l words (__seal_words | string match -v -- '-*')
    test (count $words) -eq $argv[1]
end

#{commands}

#{of seal}

# Only the open beside seal: elsewhere a program of the system has that name.
if test (command -s open; or echo) = (string replace -r '[^/]*$' open (command -s seal; or echo seal))
    #{of open}
end
