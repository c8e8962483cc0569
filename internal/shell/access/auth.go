package access

import (
	"bytes"
	"context"
	"strings"

	"quoll/internal/shell/output"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
)

// Auth is the verb auth.
func Auth() verb.Verb {
	return verb.Verb{
		Name: "auth", Aliases: []string{"addauth"}, Args: "SCHEME [CRED|-]", Min: 1, Max: 2,
		Short: "Add an identity to the connection",
		Long: "Without CRED, or with the name alone of a digest identity, it asks, without\n" +
			"echo; - reads it from standard input. In the shell it holds until the connection\n" +
			"is closed, and such lines are kept out of the history.",
		Example:  "auth digest ann",
		Complete: verb.OneOf("digest", "ip", "sasl", "x509"),
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			cred, err := credential(e, args)
			if err != nil {
				return err
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			if err := c.AddAuth(ctx, cred.Scheme, cred.Secret); err != nil {
				return err
			}
			return e.Out.Item(&added{Scheme: cred.Scheme})
		},
	}
}

// credential is what the arguments say, or what the user does.
func credential(e *verb.Env, args []string) (settings.Credential, error) {
	c := settings.Credential{Scheme: args[0]}
	var err error
	switch {
	case len(args) == 1 && e.ZkCLI():
		return c, nil
	case len(args) == 1:
		c.Secret, err = e.AskSecret(c.Scheme + " credentials: ")
	case args[1] == "-":
		c.Secret, err = e.Data("-")
		c.Secret = bytes.TrimRight(c.Secret, "\r\n")
	default:
		c.Secret = []byte(args[1])
		if strings.Contains(args[1], ":") && !e.Shell {
			e.Note("whoever lists processes sees the secret; - reads it from standard input")
		}
	}
	if err != nil || e.ZkCLI() {
		return c, err
	}
	return c.Complete(e.AskSecret)
}

// added is an identity that was added.
type added struct {
	Scheme string `json:"scheme"`
}

// Text is silent.
func (*added) Text(*output.Page) {}
