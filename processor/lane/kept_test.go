package lane

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

func TestALargeReplyDoesNotStayWithTheLane(t *testing.T) {
	l, _ := testLane(t, 0, 32<<20)
	s, out := client(l, 1)
	s.Input(request(1, jute.OpGetData, &jute.PathWatch{Path: []byte("/big")}))
	require.Greater(t, len(out.out), 32<<20)
	require.LessOrEqual(t, cap(l.replies), replyKeepBytes)
}
