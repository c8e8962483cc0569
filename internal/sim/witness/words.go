package witness

import (
	"strings"

	"quoll/processor/lane"
)

// Words answers the only four-letter word that the simulated server knows. The answers of words are
// tested in internal/admin; how a connection takes a word is simulated.
type Words struct{}

// Word and WordAnswer are that word and its answer.
const Word, WordAnswer = "ruok", "imok"

// Word implements lane.Words.
func (Words) Word(in []byte) (w lane.Word, used int, known bool) {
	switch {
	case len(in) < 4:
		return w, 0, strings.HasPrefix(Word, string(in))
	case string(in[:4]) == Word:
		w.Answer = func() []byte { return []byte(WordAnswer) }
		return w, 4, true
	}
	return w, 0, false
}
