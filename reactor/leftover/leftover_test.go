package leftover

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"quoll/reactor/socket"
)

// TestBufferAgainstModel: whatever arrives and is consumed, a stream sees what a plain slice would
// show, and a drained buffer owns nothing.
func TestBufferAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spare := NewSpare()
		var b Buffer
		var model []byte
		next := byte(0)
		fresh := func(n int) []byte {
			p := make([]byte, n)
			for i := range p {
				p[i] = next
				next++
			}
			return p
		}
		size := rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 2000),
			rapid.Just(socket.ChunkBytes))
		t.Repeat(map[string]func(*rapid.T){
			"input": func(t *rapid.T) {
				p := fresh(size.Draw(t, "arrives"))
				data := b.Join(p)
				model = append(model, p...)
				if !bytes.Equal(model, data) {
					t.Fatalf("the stream is shown %d bytes, not the %d that it should", len(data),
						len(model))
				}
				used := len(data) - min(len(data), size.Draw(t, "left"))
				b.Keep(&spare, data, used)
				model = model[used:]
				clear(p) // the transport reads over it
			},
			"stash": func(t *rapid.T) {
				p := fresh(1 + size.Draw(t, "arrives"))
				b.Stash(&spare, p)
				model = append(model, p...)
				clear(p)
			},
			"": func(t *rapid.T) {
				if b.Len() != len(model) {
					t.Fatalf("len is %d, not %d", b.Len(), len(model))
				}
				if len(model) == 0 && b.buf != nil {
					t.Fatal("an empty buffer owns memory")
				}
				if c := cap(b.buf); c > max(4*len(model), socket.ChunkBytes, smallBytes)+smallBytes {
					t.Fatalf("%d bytes of memory for %d", c, len(model))
				}
			},
		})
	})
}
