package sim

import (
	"strings"

	"quoll/internal/sim/client"
	"quoll/internal/sim/history"
	"quoll/processor/lane"
)

// words answers the one four-letter word that the simulated server knows. What words tell is
// tested in internal/admin; how a connection takes one is simulated.
type words struct{}

const aWord, itsAnswer = "ruok", "imok"

// Word implements lane.Words.
func (words) Word(in []byte) (w lane.Word, used int, known bool) {
	switch {
	case len(in) < 4:
		return w, 0, strings.HasPrefix(aWord, string(in))
	case string(in[:4]) == aWord:
		w.Answer = func() []byte { return []byte(itsAnswer) }
		return w, 4, true
	}
	return w, 0, false
}

// asker is the client's end of a connection that asks for a word.
type asker struct {
	w    *run
	link *link
	life *process
	text string
}

// askWord opens a connection and sends a word. While the server lives the answer must come whole,
// and the end of the connection behind it.
func (w *run) askWord(c *client.Client, word string) {
	a := &asker{w: w, life: w.process}
	if a.link = w.open(c.Number(), a); a.link == nil {
		return
	}
	a.link.record.Word = true
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
	whole := a.text == itsAnswer
	if whole {
		a.w.Counts.Add("generator", "a four-letter word is answered")
	}
	if !strings.HasPrefix(itsAnswer, a.text) || !whole && !a.link.killed {
		a.w.Violate("the answer to %s is %q", aWord, a.text)
	}
}

// reader is a client's end of a connection that reads frames.
type reader struct {
	*client.Client
	link *link
}

// Bytes implements recipient: it takes one frame and says what is left.
func (r *reader) Bytes(p []byte) []byte {
	frame, rest := cutFrame(p)
	if frame == nil {
		return p
	}
	k := r.link
	m := k.written(k.read)
	k.record.Got = append(k.record.Got, history.Frame{
		Bytes: frame, Applied: m.applied, Written: m.at, At: k.w.Now,
	})
	k.read += int64(4 + len(frame))
	r.Frame(k, frame)
	return rest
}
