package snap

import (
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

func TestAdlerPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		p := make([]byte, rng.IntN(200_000))
		for i := range p {
			p[i] = byte(rng.Uint32() | 0xf0)
		}
		at := rng.IntN(len(p) + 1)
		first, second := adler32.Checksum(p[:at]), adler32.Checksum(p[at:])
		both := adler32.Checksum(p)
		if got := adlerJoin(first, second, len(p)-at); got != both {
			t.Fatalf("join at %d of %d: %x, want %x", at, len(p), got, both)
		}
		if got := adlerCut(both, second, len(p)-at); got != first {
			t.Fatalf("cut at %d of %d: %x, want %x", at, len(p), got, first)
		}
	}
}
