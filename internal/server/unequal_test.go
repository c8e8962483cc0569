package server_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// A member whose line is missing in the files of the others follows them, and looks well. Both
// sides say that it has no vote.
func TestUnequalServerLinesAreTold(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	seen, logs := observer.New(zap.WarnLevel)
	e.seen = seen
	all := e.lines
	e.lines = all[:strings.Index(all, "server.3=")]
	e.start(0, 1)
	e.lines = all
	e.start(2)
	e.eventually("all serve", func() bool {
		return e.mode(0) != "" && e.mode(1) != "" && e.mode(2) == "follower"
	})
	for _, line := range []string{
		"the server lines differ: a learner means to vote, and has no vote here",
		"the server lines differ: another server counts other votes",
	} {
		e.eventually(line, func() bool { return logs.FilterMessage(line).Len() > 0 })
	}
}

// Who is refused at the election port can be found: its address is told.
func TestCallersOfTheElectionPortAreTold(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	seen, logs := observer.New(zap.WarnLevel)
	e.seen = seen
	e.start(0)
	_, line, _ := strings.Cut(e.lines, "server.1=127.0.0.1:")
	line, _, _ = strings.Cut(line, "\n")
	_, port, _ := strings.Cut(line, ":")
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01 a ClientHello of TLS"))
	require.NoError(t, err)
	e.eventually("it is told", func() bool {
		told := logs.FilterMessage(
			"the election port has got a message that no server sends, or TLS").All()
		return len(told) == 1 && strings.Contains(fmt.Sprint(told[0].ContextMap()["error"]),
			c.LocalAddr().String())
	})
}
