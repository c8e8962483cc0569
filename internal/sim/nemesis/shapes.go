package nemesis

// read-only: the kinds of partitions.
var shapes = []struct {
	name string
	cut  func(*Nemesis)
}{
	{"split", (*Nemesis).split},
	{"isolate", (*Nemesis).isolate},
	{"isolate", (*Nemesis).isolate},
	{"deaf", (*Nemesis).deaf},
	{"mute", (*Nemesis).mute},
	{"one way", (*Nemesis).oneWay},
	{"bridge", (*Nemesis).bridge},
	{"ring", (*Nemesis).ring},
	{"swizzle", (*Nemesis).swizzle},
}

// Shapes names the kinds of partitions.
func Shapes() (names []string) {
	for i := range shapes {
		if i == 0 || shapes[i].name != shapes[i-1].name {
			names = append(names, shapes[i].name)
		}
	}
	return names
}

// order draws an order of the servers.
func (n *Nemesis) order() []int { return n.World.Rand.Perm(len(n.Hosts)) }

// victim is mostly the leader.
func (n *Nemesis) victim() int {
	if l := n.Leader(); l >= 0 && !n.World.Chance(4) {
		return l
	}
	return n.World.Rand.IntN(len(n.Hosts))
}

func (n *Nemesis) split() {
	order := n.order()
	k := 1 + n.World.Rand.IntN(max(1, len(order)-1))
	for _, a := range order[:k] {
		for _, b := range order[k:] {
			n.part(a, b)
		}
	}
}

func (n *Nemesis) isolate() {
	out := n.victim()
	for i := range n.Hosts {
		n.part(out, i)
	}
}

func (n *Nemesis) deaf() {
	out := n.victim()
	for i := range n.Hosts {
		n.block(i, out)
	}
}

func (n *Nemesis) mute() {
	out := n.victim()
	for i := range n.Hosts {
		n.block(out, i)
	}
}

func (n *Nemesis) oneWay() {
	for range 1 + n.World.Rand.IntN(len(n.Hosts)) {
		n.block(n.World.Rand.IntN(len(n.Hosts)), n.World.Rand.IntN(len(n.Hosts)))
	}
}

func (n *Nemesis) bridge() {
	order := n.order()
	half := len(order) / 2
	for _, a := range order[:half] {
		for _, b := range order[half+1:] { // order[half] is the bridge
			n.part(a, b)
		}
	}
}

func (n *Nemesis) ring() {
	order := n.order()
	for i, a := range order {
		for j, b := range order {
			if gap := (i - j + len(order)) % len(order); gap > 1 && gap < len(order)-1 {
				n.block(a, b)
			}
		}
	}
}

func (n *Nemesis) swizzle() {
	w := n.World
	order := n.order()
	some := order[:1+w.Rand.IntN(len(order))]
	at := int64(0)
	for _, out := range some {
		at += w.Between(1000, 200_000)
		w.After(at, func() {
			if n.healed {
				return
			}
			for i := range n.Hosts {
				n.part(out, i)
			}
		})
	}
	for _, i := range w.Rand.Perm(len(some)) {
		out := some[i]
		at += w.Between(1000, 200_000)
		w.After(at, func() {
			if !n.healed {
				n.open(out)
			}
		})
	}
}

// open opens all ways of a server.
func (n *Nemesis) open(server int) {
	left := n.cut[:0]
	for _, w := range n.cut {
		if w.from == server || w.to == server {
			n.Net.Unblock(n.Hosts[w.from], n.Hosts[w.to])
			continue
		}
		left = append(left, w)
	}
	n.cut = left
}
