package sim

import (
	"strings"

	"quoll/internal/sim/client"
	"quoll/internal/sim/witness"
)

// asker is the client's end of a connection that asks for a word.
type asker struct {
	w    *run
	link *link
	text string
}

// askWord opens a connection and sends a word. While the server lives the answer must come whole,
// and then the end of the connection.
func (w *run) askWord(c *client.Client, word string) {
	a := &asker{w: w}
	if a.link = w.open(c.Number(), a); a.link == nil {
		return
	}
	a.link.Record().Word = true
	a.link.Send([]byte(word))
}

func (a *asker) IsSlow() bool { return false }

// Bytes implements recipient.
func (a *asker) Bytes(p []byte) []byte {
	a.text += string(p)
	return nil
}

// Lost implements recipient.
func (a *asker) Lost(client.Link) {
	a.link.Leave()
	whole := a.text == witness.WordAnswer
	if whole {
		a.w.Counts.Add("generator", "a four-letter word is answered")
	}
	if !strings.HasPrefix(witness.WordAnswer, a.text) || !whole && !a.link.Cut() {
		a.w.Violate("the answer to %s is %q", witness.Word, a.text)
	}
}
