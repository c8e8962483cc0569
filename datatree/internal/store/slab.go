package store

// slab hands out runs of equal size, addressed by numbers from 0 on.
type slab[T any] struct {
	size   int    // elements in a run
	shift  uint   // a chunk holds 1<<shift runs
	chunks [][]T  // all of full size, but for the first while it is the only one
	next   uint32 // the first run that was never given
	freed  uint32 // 1 + the last freed run, which is chained to the one freed before; 0: none
}

// firstRuns is how many runs the first chunk of a slab begins with.
const firstRuns = 4

// at is run i.
func (s *slab[T]) at(i uint32) []T {
	from := int(i&(1<<s.shift-1)) * s.size
	return s.chunks[i>>s.shift][from : from+s.size : from+s.size]
}

// fresh gives a run that was never given before; its elements are zero.
func (s *slab[T]) fresh() uint32 {
	i := s.next
	s.next++
	chunk := int(i >> s.shift)
	if chunk > 0 {
		if chunk == len(s.chunks) {
			s.chunks = append(s.chunks, make([]T, s.size<<s.shift))
		}
		return i
	}
	if len(s.chunks) == 0 {
		s.chunks = append(s.chunks, nil)
	}
	if have := len(s.chunks[0]); (int(i)+1)*s.size > have {
		larger := make([]T, min(max(2*have, firstRuns*s.size), s.size<<s.shift))
		copy(larger, s.chunks[0])
		s.chunks[0] = larger
	}
	return i
}

// runsFor is the shift that makes a chunk of runs of size bytes about 256 KiB.
func runsFor(bytes int) (shift uint) {
	for bytes<<(shift+1) <= 256<<10 {
		shift++
	}
	return shift
}
