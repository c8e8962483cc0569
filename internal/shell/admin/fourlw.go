package admin

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// FourLW is the verb 4lw.
func FourLW() verb.Verb {
	var each bool
	return verb.Verb{
		Name: "4lw", Args: "WORD", Min: 1, Max: 1,
		Short:   "Ask a server a four letter word: ruok, srvr, mntr, cons, ...",
		Example: "quoll 4lw srvr\nquoll 4lw --server-each mntr -o json",
		Flags:   func(f *pflag.FlagSet) { eachFlag(f, &each) },
		Complete: verb.OneOf("conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro",
			"mntr", "ruok", "srst", "srvr", "stat", "stmk", "wchc", "wchp", "wchs"),
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if len(args[0]) != 4 {
				return fault.Usage("%q has not four letters", args[0])
			}
			if each {
				e.Out.List()
			}
			return askEach(ctx, e, args[0], each, func(host, text string) error {
				return e.Out.Item(&answer{Server: host, Word: args[0], Answer: text, several: each})
			})
		},
	}
}

func eachFlag(f *pflag.FlagSet, each *bool) {
	f.BoolVar(each, "server-each", false, "ask each server, not only the first that answers")
}

// answer is a server's answer.
type answer struct {
	Server string `json:"server"`
	Word   string `json:"word"`
	Answer string `json:"answer"`

	several bool
}

// Text is the answer; of several servers on a terminal each below a heading.
func (r *answer) Text(p *output.Page) {
	if r.several {
		p.Line("==> ", r.Server, " <==")
	}
	p.Bytes([]byte(r.Answer))
	if !p.Terminal() && !strings.HasSuffix(r.Answer, "\n") {
		p.Line()
	}
}
