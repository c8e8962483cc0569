package recipes_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes/partition"
	"quoll/internal/proxy"
)

// itemNames are the items of these tests.
func itemNames() []string { return []string{"a", "b", "c", "d", "e", "f"} }

func names(items []partition.Item) []string {
	list := []string{}
	for _, it := range items {
		list = append(list, it.Name)
	}
	return list
}

// An item that is revoked goes to nobody before its member asks for the next assignment.
func TestRevokeIsAcknowledgedBeforeGrant(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	items := []string{"a", "b"}
	one, stop := iter.Pull2(partition.Join(ctx, c, "/app", "1", items, partition.Range))
	defer stop()
	got := partition.Assignment{}
	for len(got.Items) < 2 {
		var err error
		got, err, _ = one()
		require.NoError(t, err)
	}
	require.Equal(t, items, names(got.Items))
	isHeld(t, c, other, got.Items[0].Held)
	second := got.Items[1]

	granted := make(chan partition.Assignment, 1)
	leaving, leave := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for a, err := range partition.Join(leaving, other, "/app", "2", items, partition.Range) {
			if err != nil {
				return
			}
			granted <- a
		}
	}()
	got, err, _ := one()
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, got.Revoked)
	require.Equal(t, []string{"a"}, names(got.Items))
	for { // until the other one stands in the line for it
		waiting, _, changed, err := other.ChildrenW(ctx, "/app/items/b")
		require.NoError(t, err)
		if len(waiting) == 2 {
			_ = changed.Close()
			break
		}
		_, err = changed.Next(ctx)
		require.NoError(t, err)
	}
	isHeld(t, c, other, second.Held)
	require.Empty(t, granted, "nothing before the acknowledgement")
	asked := make(chan partition.Assignment)
	go func() {
		got, _, _ := one()
		asked <- got
	}()
	require.Equal(t, []string{"b"}, names((<-granted).Items))
	isLost(t, second.Held)
	leave()
	closed(t, done, "it leaves")
	require.Equal(t, items, names((<-asked).Items), "the first one has all again")
}

func TestPartitionEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for a, err := range partition.Join(ctx, c, "/app", "1", []string{"a"}, partition.Hash) {
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, a.Granted)
		require.Equal(t, []string{"1"}, a.Members)
		break
	}
	next, stop := iter.Pull2(partition.Join(ctx, c, "/app", "1", []string{"a"}, partition.Hash))
	defer stop()
	a, err, _ := next()
	require.NoError(t, err)
	held := a.Items[0]
	// A lost item is told, and taken again.
	require.NoError(t, other.Delete(ctx, held.Path(), client.AnyVersion))
	a, err, _ = next()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, a.Revoked)
	a, err, _ = next()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, a.Granted)
	require.Greater(t, a.Items[0].Token(), held.Token())
	cancel()
	end, err, ok := next()
	require.True(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a"}, end.Revoked)
	require.NoError(t, a.Items[0].Err(), "it is held until the loop has heard of the end")
	_, _, ok = next()
	require.False(t, ok)
	isLost(t, a.Items[0].Held)

	for _, items := range [][]string{{"a", "a"}, {""}, {"a/b"}} {
		for _, err := range partition.Join(testContext(t), c, "/app", "1", items, partition.Hash) {
			require.ErrorIs(t, err, client.ErrBadArguments)
		}
	}
}

// owners is the naive model: who has which item.
type owners struct {
	mu      sync.Mutex
	has     map[string]partition.Item
	by      map[string]string
	session map[string]client.SessionID // that the item was told in
	ended   map[client.SessionID]bool
	double  []string
	changed chan struct{} // has room for one
}

// assigned is told of an assignment, before its member asks for the next one.
func (o *owners) assigned(id string, session client.SessionID, a *partition.Assignment) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range a.Revoked {
		if o.by[name] == id {
			delete(o.by, name)
		}
	}
	for _, it := range a.Items {
		if !slices.Contains(a.Granted, it.Name) {
			continue
		}
		// A holder whose session was ended behind its back may not know yet.
		unaware := o.ended[o.session[it.Name]]
		if last := o.by[it.Name]; last != "" && !unaware && o.has[it.Name].Err() == nil {
			o.double = append(o.double, fmt.Sprint(it.Name, " of ", last, " and ", id))
		}
		if last := o.has[it.Name]; last.Held != nil && last.Token() >= it.Token() {
			o.double = append(o.double, fmt.Sprint(it.Name, " has an older token"))
		}
		o.has[it.Name], o.by[it.Name], o.session[it.Name] = it, id, session
	}
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// forget is told that a session ends before its member can know.
func (o *owners) forget(session client.SessionID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended[session] = true
	for name, s := range o.session {
		if s == session {
			delete(o.by, name)
		}
	}
}

func (o *owners) is(want map[string]string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, id := range want {
		if o.by[name] != id || o.has[name].Err() != nil {
			return false
		}
	}
	return true
}

// Members come and go, connections break at chance requests, and sessions end: no item has two
// members at once, and whenever it is quiet each item has the member that the strategy says.
func TestItemsHaveOneMember(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	w := newWorld(t)
	model := &owners{
		has: map[string]partition.Item{}, by: map[string]string{}, changed: make(chan struct{}, 1),
		session: map[string]client.SessionID{}, ended: map[client.SessionID]bool{},
	}
	rng := rand.New(rand.NewPCG(7, 7))
	type member struct {
		c     *client.Client
		leave context.CancelFunc
		done  chan struct{}
	}
	there := map[string]*member{}
	join := func(id string) {
		m := &member{c: w.client(), done: make(chan struct{})}
		var in context.Context
		in, m.leave = context.WithCancel(ctx)
		there[id] = m
		go func() {
			defer close(m.done)
			for a, err := range partition.Join(in, m.c, "/app", id, itemNames(), partition.Hash) {
				model.assigned(id, m.c.Session().ID(), &a)
				if err != nil && in.Err() == nil {
					t.Errorf("member %s: %v", id, err)
				}
			}
		}()
	}
	join("0")
	for round := range 24 {
		id := fmt.Sprint(rng.IntN(4))
		switch m := there[id]; {
		case m == nil:
			join(id)
		case rng.IntN(3) == 0 && len(there) > 1:
			m.leave()
			closed(t, m.done, "it leaves")
			delete(there, id)
		case rng.IntN(2) == 0:
			session := m.c.Session()
			model.forget(session.ID())
			w.end(session)
		default:
			w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
			w.Drop(0)
		}
		if round%4 != 3 {
			continue
		}
		var who []string
		for id := range there {
			who = append(who, id)
		}
		slices.Sort(who)
		want := partition.Hash(itemNames(), who)
		for !model.is(want) {
			select {
			case <-model.changed:
			case <-time.After(15 * time.Second):
				require.Fail(t, "the items are not where they should be", "%v, %v", want, model.by)
			}
		}
	}
	for _, m := range there {
		m.leave()
		closed(t, m.done, "it leaves")
	}
	require.Empty(t, model.double)
}
