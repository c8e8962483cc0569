package flow

import "sync/atomic"

// Watch is the members that every tick looks at: those that wait. All of it but Tick belongs to one
// goroutine. The zero Watch is empty; it must not be copied.
type Watch[T comparable] struct {
	seats  []seat[T]
	toLook int         // how many of them, from the first on, the look under way has still to reach
	any    atomic.Bool // there are members
	ticked atomic.Bool // Tick asks for a look
}

type seat[T comparable] struct {
	who  T
	slot *Slot
}

// Slot says whether a member is in a Watch. The zero Slot is in none.
type Slot struct{ in bool }

// Tick asks for a look and says whether there is anyone to look at. Any goroutine may call it.
func (w *Watch[T]) Tick() bool {
	if !w.any.Load() {
		return false
	}
	w.ticked.Store(true)
	return true
}

// Join has the ticks look at a member, until a look lets it go.
func (w *Watch[T]) Join(slot *Slot, who T) {
	if slot.in {
		return
	}
	if len(w.seats) == 0 {
		w.any.Store(true)
	}
	w.seats = append(w.seats, seat[T]{who, slot})
	slot.in = true
}

// leave undoes Join: the last member takes the free seat.
func (w *Watch[T]) leave(at int) {
	last := len(w.seats) - 1
	w.seats[at].slot.in = false
	w.seats[at] = w.seats[last]
	w.seats[last] = seat[T]{}
	w.seats = w.seats[:last]
	if last == 0 {
		w.any.Store(false)
	}
}

// Due says whether a tick has asked for a look that is not done.
func (w *Watch[T]) Due() bool {
	if w.ticked.Swap(false) && w.toLook == 0 {
		w.toLook = len(w.seats)
	}
	return w.toLook > 0
}

// Look calls look for up to most members that this tick has not reached, and lets a member go when
// look returns false. more says that members are left. It goes from the last to the first, so that
// members that leave or join on the way hide no other.
func (w *Watch[T]) Look(most int, look func(T) (stay bool)) (more bool) {
	for range most {
		if w.toLook = min(w.toLook, len(w.seats)); w.toLook == 0 {
			return false
		}
		w.toLook--
		if at := w.toLook; !look(w.seats[at].who) {
			w.leave(at)
		}
	}
	return w.toLook > 0
}
