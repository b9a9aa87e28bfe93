#compdef sluice

__sluice_complete() {
    local -ar non_empty_completions=("${@:#(|:*)}")
    local -ar empty_completions=("${(M)@:#(|:*)}")
    _describe -V '' non_empty_completions -- empty_completions -P $'\'\''
}

__sluice_custom_complete() {
    local -a completions
    completions=("${(@f)"$("${command_name}" "${@}" "${command_line[@]}")"}")
    if [[ "${#completions[@]}" -gt 1 ]]; then
        __sluice_complete "${completions[@]:0:-1}"
    fi
}

__sluice_cursor_index_in_current_word() {
    if [[ -z "${QIPREFIX}${IPREFIX}${PREFIX}" ]]; then
        printf 0
    else
        printf %s "${#${(z)LBUFFER}[-1]}"
    fi
}

_sluice() {
    emulate -RL zsh -G
    setopt extendedglob nullglob numericglobsort
    unsetopt aliases banghist

    local -xr SAP_SHELL=zsh
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(builtin emulate zsh -c 'printf %s "${ZSH_VERSION}"')"
    local -r SAP_SHELL_VERSION

    local context state state_descr line
    local -A opt_args

    local -r command_name="${words[1]}"
    local -ar command_line=("${words[@]}")
    local -ir current_word_index="$((CURRENT - 1))"

    local -i ret=1
    local -ar arg_specs=(
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
        '(-): :->command'
        '(-)*:: :->arg'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0
    case "${state}" in
    command)
        local -ar subcommands=(
            'run:Runs the gateway in the foreground.'
            'check:Tells what is wrong with a config.'
            'fmt:Formats config files in place.'
            'adapt:Prints the effective config as canonical JSON.'
            'schema:Prints the JSON Schema of the canonical config.'
            'explain:Explains a directive, a code, a route or the chain.'
            'echo:Runs a small upstream for demos and tests.'
            'certs:Makes development certificates.'
            'key:Adds, lists and revokes API keys.'
            'token:Judges tokens.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        run|check|fmt|adapt|schema|explain|echo|certs|key|token|help)
            "_sluice_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_sluice_run() {
    local -i ret=1
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        '--dev[Make missing development certificates and answer for missing upstreams.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_check() {
    local -i ret=1
    local -ar ___format=('human' 'json' 'github' 'sarif')
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        '--resolve[Also read what env, file and secret name, prove certificates, and look up names.]'
        '--strict[Let warnings fail.]'
        '--now[Judge dates as of this day instead of today.]:date:'
        '--format[How findings are printed\: human, json, github or sarif.]:format:{__sluice_complete "${___format[@]}"}'
        '(--quiet -q)'{--quiet,-q}'[Print nothing when there are no problems.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_fmt() {
    local -i ret=1
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        '--check[Print the difference and exit with 1 instead of writing.]'
        '*:file:_files -g '\''*.conf'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_adapt() {
    local -i ret=1
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_schema() {
    local -i ret=1
    local -ar arg_specs=(
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_explain() {
    local -i ret=1
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        '*:topic:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_echo() {
    local -i ret=1
    local -ar arg_specs=(
        '--port[The TCP port; 0 lets the system choose one.]:port:'
        '--address[The IP address.]:ip:'
        '--unix[A unix socket in place of a port.]:path:_files'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_certs() {
    local -i ret=1
    local -ar arg_specs=(
        '--directory[The folder, made when missing.]:folder:_files -/'
        '--force[Make all of them again, whatever is there.]'
        '*:name:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_key() {
    local -i ret=1
    local -ar arg_specs=(
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
        '(-): :->command'
        '(-)*:: :->arg'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0
    case "${state}" in
    command)
        local -ar subcommands=(
            'add:Makes a key, shows it once, and keeps its hash.'
            'list:Lists the keys of a file: ids, subjects, scopes and dates.'
            'revoke:Takes a key out of the file, by its id.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        add|list|revoke)
            "_sluice_key_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_sluice_key_add() {
    local -i ret=1
    local -ar arg_specs=(
        '--file[The file of the keys.]:path:_files'
        '--subject[Whom the key stands for.]:name:'
        '*--scope[What it may be used for; may be repeated.]:name:'
        '*--role[A role of its subject; may be repeated.]:name:'
        '--tier[The rate tier of its limits.]:name:'
        '--expires[The last good day, UTC, such as 2027-12-31.]:date:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_key_list() {
    local -i ret=1
    local -ar arg_specs=(
        '--file[The file of the keys.]:path:_files'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_key_revoke() {
    local -i ret=1
    local -ar arg_specs=(
        '--file[The file of the keys.]:path:_files'
        ':id:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_token() {
    local -i ret=1
    local -ar arg_specs=(
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
        '(-): :->command'
        '(-)*:: :->arg'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0
    case "${state}" in
    command)
        local -ar subcommands=(
            'verify:Says whether an identity takes a token, and why not.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        verify)
            "_sluice_token_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_sluice_token_verify() {
    local -i ret=1
    local -ar arg_specs=(
        '(-c --config)'{-c,--config}'[The config'\''s root file.]:file:_files -g '\''*.conf'\'''
        ':identity:'
        '--keys[The issuer'\''s key set, for an identity whose keys are published at a URL.]:file:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_sluice_help() {
    local -i ret=1
    local -ar arg_specs=(
        '*:subcommands:'
        '--version[Show the version.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

if [[ "${funcstack[1]}" = _sluice ]]; then
    _sluice "${@}"
else
    compdef _sluice sluice
fi
