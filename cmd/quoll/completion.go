package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// bashWords finds the words of the line for cobra's script where bash-completion is not installed,
// whose function it calls. bash divides them at = and : too; what has no blank between is one word.
const bashWords = `
if ! declare -F _get_comp_words_by_ref >/dev/null; then
    __quoll_init_completion()
    {
        local line=${COMP_LINE:0:COMP_POINT} rest word i
        words=()
        for ((i = 0; i <= COMP_CWORD; i++)); do
            rest=${line#"${line%%[![:space:]]*}"}
            word=${COMP_WORDS[i]:0:${#rest}}
            if ((i > 0)) && [[ $rest == "$line" ]]; then
                words[${#words[@]} - 1]+=$word
            else
                words+=("$word")
            fi
            line=${rest#"$word"}
        done
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
    }
fi
`

// addCompletion adds cobra's command completion, whose script for bash needs bash alone.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	bash, _, err := root.Find([]string{"completion", "bash"})
	if err != nil {
		panic(err) // cobra has just made it
	}
	bash.Long = "Writes a script for bash, which needs the command quoll and bash alone:\n\n" +
		"  source <(quoll completion bash)\n" +
		"  quoll completion bash > /etc/bash_completion.d/quoll"
	script := bash.RunE
	bash.RunE = func(cmd *cobra.Command, args []string) error {
		if err := script(cmd, args); err != nil {
			return err
		}
		_, err := fmt.Fprint(cmd.OutOrStdout(), bashWords)
		return err
	}
}
