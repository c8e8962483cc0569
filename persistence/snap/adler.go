package snap

const adlerMod = 65521

// adlerJoin returns the Adler-32 of two pieces in a row. It needs the checksum of each piece and
// the length of the second.
func adlerJoin(first, second uint32, secondBytes int) uint32 {
	n := uint32(secondBytes % adlerMod)
	a1, b1 := first&0xffff, first>>16
	a2, b2 := second&0xffff, second>>16
	a := (a1 + a2 + adlerMod - 1) % adlerMod
	b := (b1 + b2 + n*((a1+adlerMod-1)%adlerMod)%adlerMod) % adlerMod
	return b<<16 | a
}

// adlerCut returns the Adler-32 of the first of two pieces. It needs the checksum of both together,
// the checksum of the second piece and its length.
func adlerCut(both, second uint32, secondBytes int) uint32 {
	n := uint32(secondBytes % adlerMod)
	a, b := both&0xffff, both>>16
	a2, b2 := second&0xffff, second>>16
	a1 := (a + adlerMod - a2 + 1) % adlerMod
	b1 := (b + 2*adlerMod - b2 - n*((a1+adlerMod-1)%adlerMod)%adlerMod) % adlerMod
	return b1<<16 | a1
}
