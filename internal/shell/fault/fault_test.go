package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"quoll/client"
)

// The table of exit codes, which scripts rely on.
func TestCodes(t *testing.T) {
	server := func(err error) error { return &client.Error{Op: "getData", Path: "/x", Err: err} }
	for _, tc := range []struct {
		err  error
		code int
		name string
	}{
		{nil, 0, "Error"},
		{errors.New("anything else"), 1, "Error"},
		{Usage("wrong"), 2, "Usage"},
		{server(client.ErrInvalidPath), 2, "InvalidPath"},
		{server(client.ErrNoNode), 3, "NoNode"},
		{server(client.ErrNodeExists), 4, "NodeExists"},
		{server(client.ErrBadVersion), 4, "BadVersion"},
		{server(client.ErrNotEmpty), 4, "NotEmpty"},
		{server(client.ErrNoAuth), 5, "NoAuth"},
		{server(client.ErrAuthFailed), 5, "AuthFailed"},
		{server(client.ErrConnectionLoss), 6, "ConnectionLoss"},
		{server(client.ErrSessionExpired), 6, "SessionExpired"},
		{server(context.DeadlineExceeded), 6, "Timeout"},
		{server(fmt.Errorf("%w: %w", client.ErrUnknownOutcome, client.ErrConnectionLoss)), 6,
			"UnknownOutcome"},
		{server(client.ErrQuotaExceeded), 1, "QuotaExceeded"},
		{Silent(CodeCheck), 7, "Check"},
		{&Error{Code: CodeNotWon, Name: "NotWon", Err: context.DeadlineExceeded}, 8, "NotWon"},
		{&Error{Code: CodeLost, Name: "Lost", Err: client.ErrSessionExpired}, 9, "Lost"},
		{context.Canceled, 130, "Interrupted"},
		{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, 141, "PipeClosed"},
		{fmt.Errorf("wrapped: %w", server(client.ErrNoNode)), 3, "NoNode"},
		{&client.MultiError{Index: 1, Err: server(client.ErrBadVersion).(*client.Error)}, 4,
			"BadVersion"},
	} {
		if got := Code(tc.err); got != tc.code {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.code)
		}
		if tc.err != nil && Name(tc.err) != tc.name {
			t.Errorf("%v: %s, want %s", tc.err, Name(tc.err), tc.name)
		}
	}
	if !Quiet(syscall.EPIPE) || !Quiet(Silent(7)) || Quiet(Usage("x")) {
		t.Error("what ends without a word")
	}
}

// What zkCli.sh 3.9 prints, from its CliWrapperException.
func TestZkCLI(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{client.ErrNoNode, "Node does not exist: /x"},
		{client.ErrNodeExists, "Node already exists: /x"},
		{client.ErrNoAuth, "Insufficient permission : /x"},
		{client.ErrBadVersion, "version No is not valid : /x"},
		{client.ErrNoWatcher, "KeeperErrorCode = No such watcher for /x"},
		{client.ErrConnectionLoss, "KeeperErrorCode = ConnectionLoss for /x"},
		{client.ErrUnimplemented, "KeeperErrorCode = Unimplemented for /x"},
	} {
		if got := ZkCLI(&client.Error{Op: "x", Path: "/x", Err: tc.err}); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.err, got, tc.want)
		}
	}
}

// A hint is behind the message, and a field of its own for programs.
func TestHints(t *testing.T) {
	err := &client.Error{Op: "create2", Path: "/a/b", Err: client.ErrNoNode}
	if text := Text(err); !strings.Contains(text, "\n  -p ") {
		t.Error(text)
	}
	if text := JSON(err); !strings.Contains(text, `"hint":"-p `) || strings.Contains(text, "\n") {
		t.Error(text)
	}
}

// The client's errors begin with a word that the user of a verb does not need, wherever they are. The
// name of a node is not touched.
func TestMessages(t *testing.T) {
	err := &client.Error{Op: "get", Path: "/zookeeper: x", Err: client.ErrNoNode}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{err, `get "/zookeeper: x": no such node`},
		{fmt.Errorf("SRC: %w", err), `SRC: get "/zookeeper: x": no such node`},
		{errors.Join(err, errors.New("b"), err),
			"get \"/zookeeper: x\": no such node\nb\nget \"/zookeeper: x\": no such node"},
		{Usage("delete 7 nodes at /zookeeper: /zookeeper needs --force"),
			"delete 7 nodes at /zookeeper: /zookeeper needs --force"},
	} {
		if text, _, _ := strings.Cut(Text(tc.err), "\n  "); text != tc.want {
			t.Errorf("%q, want %q", text, tc.want)
		}
	}
}
