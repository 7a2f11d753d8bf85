/** The shells that completion is made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The scripts ask the program itself for what can come next: the words that it knows are those of its own definition.
 * `orrery _complete WORD...` answers one candidate a line, a tab and its description behind it; the line `:files` or
 * `:dirs` alone asks for paths.
 */
const BASH = `# bash completion of orrery: eval "$(orrery completion bash)"
_orrery() {
  local current=\${COMP_WORDS[COMP_CWORD]} line paths=
  COMPREPLY=()
  # No mapfile: macOS has bash 3.2.
  while IFS= read -r line; do
    case $line in
      :files) paths=-f ;;
      :dirs) paths=-d ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" _complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ -n $paths ]] || return 0
  compopt -o filenames 2>/dev/null
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$paths" -- "$current")
}
complete -F _orrery orrery
`;

const ZSH = `#compdef orrery
# zsh completion of orrery: source <(orrery completion zsh)
_orrery() {
  local line
  local -a answer candidates
  answer=("\${(@f)$("\${words[1]}" _complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case \${answer[1]} in
    :files) _files; return ;;
    :dirs) _files -/; return ;;
  esac
  for line in "\${answer[@]}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'orrery' candidates
}
compdef _orrery orrery
`;

const FISH = `# fish completion of orrery: orrery completion fish | source
function __orrery_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer ($words[1] _complete -- $words[2..-1] 2>/dev/null)
  switch "$answer[1]"
    case ':files'
      __fish_complete_path (commandline -ct)
    case ':dirs'
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\\n' $answer
  end
end
complete -c orrery -f -a '(__orrery_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that a shell is to read. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
