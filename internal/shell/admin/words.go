package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// maxAnswer is how much of an answer is read: a server with many clients says a lot.
const maxAnswer = 256 << 20

// hosts are the servers that are given, host:port each.
func hosts(e *verb.Env) ([]string, error) {
	if strings.HasPrefix(e.Set.Servers, "srv://") {
		return nil, fault.Usage("four letter words need --server host:port, not %s",
			e.Set.Servers)
	}
	list, _, _ := strings.Cut(e.Set.Servers, "/")
	var all []string
	for host := range strings.SplitSeq(list, ",") {
		host = strings.TrimSpace(host)
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "2181")
		}
		all = append(all, host)
	}
	return all, nil
}

// askEach sends a word to servers and hands over the answers: of each one, or of the first that
// answers. An error is that of the last one that did not.
func askEach(
	ctx context.Context, e *verb.Env, word string, each bool, got func(host, text string) error,
) error {
	all, err := hosts(e)
	if err != nil {
		return err
	}
	var failed error
	for _, host := range all {
		text, err := askWord(ctx, e, host, word)
		if err != nil {
			failed = err
			if each {
				e.Note("%v", err)
			}
			continue
		}
		if err := got(host, text); err != nil || !each {
			return err
		}
	}
	return failed
}

// askWord sends a four letter word and reads the answer.
func askWord(ctx context.Context, e *verb.Env, host, word string) (string, error) {
	conn, err := e.Set.DialTCP(ctx, host)
	if err != nil {
		return "", unreachable(ctx, host, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	var text []byte
	if _, err = io.WriteString(conn, word); err == nil {
		text, err = io.ReadAll(io.LimitReader(conn, maxAnswer))
	}
	if err != nil && len(text) == 0 {
		return "", unreachable(ctx, host, err)
	}
	if len(text) == 0 {
		return "", &fault.Error{
			Code: fault.CodeError, Name: "NoSuchWord",
			Err: fmt.Errorf("%s: the server does not know %q", host, word),
		}
	}
	if strings.Contains(string(text), "is not executed because it is not in the whitelist") {
		return "", &fault.Error{
			Code: fault.CodeAuth, Name: "NotInWhitelist",
			Err:  fmt.Errorf("%s: the server does not answer %q", host, word),
			Hint: "4lw.commands.whitelist=" + word + " in its zoo.cfg allows it",
		}
	}
	return string(text), nil
}

func unreachable(ctx context.Context, host string, err error) error {
	return &fault.Error{
		Code: fault.CodeUnreachable, Name: "ConnectionLoss",
		Err: fmt.Errorf("%s: %w", host, errors.Join(context.Cause(ctx), err)),
	}
}
