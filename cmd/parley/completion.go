package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Run prints what a shell needs to complete commands and flags:
//
//	source <(parley completion bash)
func (c completionCmd) Run(k *kong.Kong) error {
	words := map[string][]string{}
	collect(k.Model.Node, "", words)
	var out strings.Builder
	switch c.Shell {
	case "fish":
		fish(&out, words)
	case "zsh":
		out.WriteString("autoload -U +X bashcompinit && bashcompinit\n")
		fallthrough
	default:
		bash(&out, words)
	}
	_, err := fmt.Fprint(k.Stdout, out.String())
	if err != nil {
		return fmt.Errorf("writing the completion: %w", err)
	}
	return nil
}

// collect notes what may follow each command: its own commands and its flags.
func collect(n *kong.Node, path string, words map[string][]string) {
	for _, child := range n.Children {
		if child.Hidden || child.Type != kong.CommandNode {
			continue
		}
		words[path] = append(words[path], child.Name)
		collect(child, strings.TrimSpace(path+" "+child.Name), words)
	}
	for _, f := range n.Flags {
		if !f.Hidden {
			words[path] = append(words[path], "--"+f.Name)
		}
	}
	for p := n.Parent; p != nil; p = p.Parent {
		for _, f := range p.Flags {
			if f.Name == "help" {
				words[path] = append(words[path], "--help")
			}
		}
	}
}

// bash completes by the commands that stand before the cursor, flags left out.
func bash(out *strings.Builder, words map[string][]string) {
	out.WriteString(`_parley() {
  local word path= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == -* ]] || path="$path $word"
  done
  local known=
  case "${path# }" in
`)
	for _, path := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(out, "    %q) known=%q ;;\n", path, strings.Join(words[path], " "))
	}
	out.WriteString(`  esac
  COMPREPLY=($(compgen -o default -W "$known" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _parley parley
`)
}

func fish(out *strings.Builder, words map[string][]string) {
	out.WriteString(`function __parley_at
  set -l path
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; or set -a path $word
  end
  test "$path" = "$argv[1]"
end
complete -c parley -f
`)
	for _, path := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(out, "complete -c parley -n '__parley_at %q' -a %q\n", path, strings.Join(words[path], " "))
	}
}
