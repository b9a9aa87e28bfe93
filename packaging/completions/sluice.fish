function __sluice_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __sluice_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __sluice_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __sluice_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __sluice_parse_tokens -S
    set -l unparsed_tokens (__sluice_tokens -pc)
    switch $unparsed_tokens[1]
    case 'sluice'
        __sluice_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'run'
            __sluice_parse_subcommand 0 'c/config=' 'dev' 'version' 'h/help'
        case 'check'
            __sluice_parse_subcommand 0 'c/config=' 'resolve' 'strict' 'now=' 'format=' 'q/quiet' 'version' 'h/help'
        case 'fmt'
            __sluice_parse_subcommand -r 1 'c/config=' 'check' 'version' 'h/help'
        case 'adapt'
            __sluice_parse_subcommand 0 'c/config=' 'version' 'h/help'
        case 'schema'
            __sluice_parse_subcommand 0 'version' 'h/help'
        case 'explain'
            __sluice_parse_subcommand -r 1 'c/config=' 'version' 'h/help'
        case 'echo'
            __sluice_parse_subcommand 0 'port=' 'address=' 'unix=' 'version' 'h/help'
        case 'certs'
            __sluice_parse_subcommand -r 1 'directory=' 'force' 'version' 'h/help'
        case 'key'
            __sluice_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'add'
                __sluice_parse_subcommand 0 'file=' 'subject=' 'scope=+' 'role=+' 'tier=' 'expires=' 'version' 'h/help'
            case 'list'
                __sluice_parse_subcommand 0 'file=' 'version' 'h/help'
            case 'revoke'
                __sluice_parse_subcommand 1 'file=' 'version' 'h/help'
            end
        case 'token'
            __sluice_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'verify'
                __sluice_parse_subcommand 1 'c/config=' 'keys=' 'version' 'h/help'
            end
        case 'help'
            __sluice_parse_subcommand -r 1 'version'
        end
    end
end

function __sluice_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __sluice_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __sluice_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __sluice_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__sluice_tokens -p)
    if test -z "$(__sluice_tokens -t)"
        set -l index (count (__sluice_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'sluice' -f
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'run' -d 'Runs the gateway in the foreground.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'check' -d 'Tells what is wrong with a config.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'fmt' -d 'Formats config files in place.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'adapt' -d 'Prints the effective config as canonical JSON.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'schema' -d 'Prints the JSON Schema of the canonical config.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'explain' -d 'Explains a directive, a code, a route or the chain.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'echo' -d 'Runs a small upstream for demos and tests.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'certs' -d 'Makes development certificates.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'key' -d 'Adds, lists and revokes API keys.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'token' -d 'Judges tokens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice run" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice run" dev' -l 'dev' -d 'Make missing development certificates and answer for missing upstreams.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice run" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" resolve' -l 'resolve' -d 'Also read what env, file and secret name, prove certificates, and look up names.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" strict' -l 'strict' -d 'Let warnings fail.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" now' -l 'now' -d 'Judge dates as of this day instead of today.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" format' -l 'format' -d 'How findings are printed: human, json, github or sarif.' -rfka 'human json github sarif'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" q quiet' -l 'quiet' -s 'q' -d 'Print nothing when there are no problems.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fmt" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fmt" check' -l 'check' -d 'Print the difference and exit with 1 instead of writing.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice fmt" -ge 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fmt" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fmt" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice adapt" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice adapt" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice adapt" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice schema" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice schema" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice echo" port' -l 'port' -d 'The TCP port; 0 lets the system choose one.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice echo" address' -l 'address' -d 'The IP address.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice echo" unix' -l 'unix' -d 'A unix socket in place of a port.' -rF
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice echo" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice echo" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice certs" directory' -l 'directory' -d 'The folder, made when missing.' -rfa '(__sluice_complete_directories)'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice certs" force' -l 'force' -d 'Make all of them again, whatever is there.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice certs" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice certs" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice key" -eq 1' -fa 'add' -d 'Makes a key, shows it once, and keeps its hash.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice key" -eq 1' -fa 'list' -d 'Lists the keys of a file: ids, subjects, scopes and dates.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice key" -eq 1' -fa 'revoke' -d 'Takes a key out of the file, by its id.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" file' -l 'file' -d 'The file of the keys.' -rF
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" subject' -l 'subject' -d 'Whom the key stands for.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add"' -l 'scope' -d 'What it may be used for; may be repeated.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add"' -l 'role' -d 'A role of its subject; may be repeated.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" tier' -l 'tier' -d 'The rate tier of its limits.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" expires' -l 'expires' -d 'The last good day, UTC, such as 2027-12-31.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key add" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key list" file' -l 'file' -d 'The file of the keys.' -rF
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key list" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key revoke" file' -l 'file' -d 'The file of the keys.' -rF
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key revoke" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice key revoke" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice token" -eq 1' -fa 'verify' -d 'Says whether an identity takes a token, and why not.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token verify" c config' -s 'c' -l 'config' -d 'The config\'s root file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'conf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token verify" keys' -l 'keys' -d 'The issuer\'s key set, for an identity whose keys are published at a URL.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token verify" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice token verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice help" version' -l 'version' -d 'Show the version.'
