package quorum_test

import (
	"bytes"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/pipe"
	"quoll/internal/transcript"
	"quoll/jute"
)

var rewrite = flag.Bool("quorum.rewrite", false, "write the transcripts anew")

// TestTranscripts plays the schedules of testdata. A line with > is a command, the lines below it
// are what it led to. Zxids are written as epoch:counter. Notifications of the election, PINGs and
// their answers are left out.
//
//	voters 3               servers 1 to 3; the first command
//	start 1 2 ...          processes; kill ends one, and the kernel says so to the others
//	write 2 2              clients of server 2 write, so often
//	snapshot 3             it writes a snapshot and purges its log
//	cut 1, heal 1          a server is cut off from all others
//	run 200                milliseconds go by
func TestTranscripts(t *testing.T) {
	begin := func(t *testing.T, out *bytes.Buffer) func(words []string) {
		var c *cluster
		return func(words []string) {
			if words[0] == "voters" {
				c = newCluster(1, pipe.Rules{}, number(t, words[1]), 0)
				c.log, c.zab.CommitLogCount = out, 3
				return
			}
			c.command(t, words)
			require.Empty(t, c.Broken)
		}
	}
	transcript.Play(t, "testdata/*.txt", *rewrite, begin)
}

func number(t *testing.T, word string) (n int) {
	_, err := fmt.Sscan(word, &n)
	require.NoError(t, err, word)
	return n
}

func (c *cluster) command(t *testing.T, words []string) {
	verb, words := words[0], words[1:]
	if verb == "run" {
		c.run(time.Duration(number(t, words[0])) * time.Millisecond)
		return
	}
	if verb == "write" {
		for range number(t, words[1]) {
			require.NotEmpty(t, c.write(c.node(jute.PeerID(number(t, words[0])))))
		}
		return
	}
	for _, word := range words {
		n := c.node(jute.PeerID(number(t, word)))
		switch verb {
		case "start":
			n.start()
		case "kill":
			n.die(func() bool { return false })
		case "snapshot":
			n.snapshot()
		case "cut", "heal":
			for _, other := range c.nodes {
				if other != n {
					c.cut(n.id, other.id, verb == "cut")
				}
			}
		default:
			t.Fatalf("unknown command %s", verb)
		}
	}
}
