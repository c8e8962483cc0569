package recipes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
	"quoll/internal/proxy"
	"quoll/jute"
)

// locks is where the claims of the queue at path are.
const locks = path + "-locks"

func numbers(c *client.Client, opts ...queue.Option) *queue.Queue[int] {
	return queue.New(c, path, recipes.JSON[int](), opts...)
}

func put(t *testing.T, q *queue.Queue[int], vs ...int) {
	t.Helper()
	for _, v := range vs {
		_, err := q.Put(testContext(t), v)
		require.NoError(t, err)
	}
}

func takes(t *testing.T, q *queue.Queue[int], want ...int) {
	t.Helper()
	for _, v := range want {
		got, err := q.Take(testContext(t))
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
}

func receives(t *testing.T, q *queue.Queue[int], want int) *queue.Item[int] {
	t.Helper()
	it, err := q.Receive(testContext(t))
	require.NoError(t, err)
	require.Equal(t, want, it.Value)
	require.NoError(t, it.Err())
	return it
}

// hasNone waits until nothing is left of a queue, of its claims and receipts neither.
func hasNone(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := testContext(t)
	waitChildren(t, c, 0)
	for {
		names, _, w, err := c.ChildrenW(ctx, locks)
		if errors.Is(err, client.ErrNoNode) {
			return
		}
		require.NoError(t, err)
		if len(names) == 0 {
			_ = w.Close()
			return
		}
		_, err = w.Next(ctx)
		require.NoError(t, err, "%v", names)
		_ = w.Close()
	}
}

func TestQueue(t *testing.T) {
	for name, opts := range map[string][]queue.Option{
		"Curator":              nil,
		"kazoo":                {queue.With(recipes.WithLayout(recipes.Kazoo))},
		"Curator's priorities": {queue.WithPriority(-3)},
		"Curator's delays":     {queue.WithDelay(0)},
		"one shard":            {queue.WithShards(1)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			c, other := w.client(), w.beside()
			q, theirs := numbers(c, opts...), numbers(other, opts...)
			n, err := q.Len(ctx)
			require.NoError(t, err)
			require.Zero(t, n)
			put(t, q, 1, 2, 3)
			require.NoError(t, theirs.PutAll(ctx, 4, 5, 6))
			n, err = q.Len(ctx)
			require.NoError(t, err)
			require.Equal(t, 6, n)
			takes(t, q, 1)
			takes(t, theirs, 2)
			three, four := receives(t, q, 3), receives(t, theirs, 4)
			isHeldItem := func(owner *client.Client, it *queue.Item[int]) {
				_, stat, err := other.Get(ctx, it.Path())
				require.NoError(t, err)
				require.Equal(t, owner.Session().ID(), stat.EphemeralOwner)
				require.Equal(t, 1, it.Deliveries)
			}
			isHeldItem(c, three)
			isHeldItem(other, four)
			takes(t, q, 5) // it has listed the fourth one, which is claimed by now
			require.NoError(t, three.Nack(ctx))
			require.NoError(t, four.Ack(ctx))
			require.ErrorIs(t, four.Ack(ctx), recipes.ErrLost)
			require.ErrorIs(t, three.Ack(ctx), recipes.ErrLost)
			require.ErrorIs(t, three.Nack(ctx), recipes.ErrLost)
			again := receives(t, numbers(c, opts...), 3)
			require.Equal(t, 2, again.Deliveries)
			require.Equal(t, three.ID, again.ID)
			require.NoError(t, again.Ack(ctx))
			takes(t, theirs, 6)
			if name != "one shard" {
				hasNone(t, other)
			}

			waiter := inBackground(func() error {
				v, err := q.Take(ctx)
				if v != 7 {
					return fmt.Errorf("took %d", v)
				}
				return err
			})
			put(t, theirs, 7)
			waiter.ends(t)
		})
	}
}

// The names and the bytes are those of the other clients.
func TestQueueLayout(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	kazoo := queue.With(recipes.WithLayout(recipes.Kazoo))
	curator := func(items ...string) string {
		data := "\x00\x01\x00\x01"
		for _, it := range items {
			data += "\x01\x00\x00\x00" + string(rune(len(it))) + it
		}
		return data + "\x02"
	}
	for _, layout := range []struct {
		opts       []queue.Option
		name, data string
	}{
		{nil, "queue-0000000000", curator("12")},
		{[]queue.Option{queue.WithPriority(5)}, "queue-1000000050000000000", curator("12")},
		{[]queue.Option{queue.WithPriority(-1)}, "queue-0FFFFFFFF0000000000", curator("12")},
		{[]queue.Option{kazoo}, "entry-100-0000000000", "12"},
		{[]queue.Option{kazoo, queue.WithPriority(7)}, "entry-007-0000000000", "12"},
	} {
		q := numbers(c, layout.opts...)
		id, err := q.Put(ctx, 12)
		require.NoError(t, err)
		require.Equal(t, layout.name, id)
		data, _, err := c.Get(ctx, path+"/"+id)
		require.NoError(t, err)
		require.Equal(t, layout.data, string(data))
		it := receives(t, q, 12)
		_, found, err := c.Exists(ctx, locks+"/"+id)
		require.NoError(t, err)
		require.True(t, found, "the claim is where the others look for it")
		require.NoError(t, it.Ack(ctx))
		clear(t, c)
	}
	create := func(name, data string) {
		t.Helper()
		_, _, err := c.Create(ctx, path+"/"+name, []byte(data), client.Parents)
		require.NoError(t, err)
	}
	// Who has claimed it need not be one of us.
	create("queue-0000000007", curator("7"))
	create("queue-0000000008", curator("8"))
	_, _, err := c.Create(ctx, locks+"/queue-0000000007", nil, client.Parents)
	require.NoError(t, err)
	takes(t, numbers(c), 8)
	require.NoError(t, c.Delete(ctx, locks+"/queue-0000000007", client.AnyVersion))
	takes(t, numbers(c), 7)

	// Curator puts several items into one node.
	create("queue-0000000009", curator("1", "2"))
	q := numbers(c)
	takes(t, q, 1, 2)
	create("queue-0000000000", curator())
	put(t, q, 3)
	takes(t, q, 3)
	hasNone(t, c)

	// kazoo's LockingQueue.
	locking := queue.New(c, "/app/lq/entries", recipes.Raw(), kazoo, queue.WithLocks("/app/lq/taken"))
	_, err = locking.Put(ctx, []byte("raw"))
	require.NoError(t, err)
	item, err := locking.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, "raw", string(item.Value))
	_, found, err := c.Exists(ctx, "/app/lq/taken/entry-100-0000000000")
	require.NoError(t, err)
	require.True(t, found)

	for name, opts := range map[string][]queue.Option{
		"lock-0000000001": nil, "queue-": nil, "entry-100-0000000001": nil,
		"queue-0000000002": {queue.WithPriority(1)}, "queue-|12|0000000001": {queue.WithPriority(1)},
		"queue-1000000050000000001": nil, "queue-0000000003": {queue.WithShards(2)},
		"queue-0000000004": {kazoo}, "shard-00": nil,
	} {
		clear(t, c)
		create(name, "")
		_, err := numbers(c, opts...).Take(ctx)
		require.ErrorIs(t, err, recipes.ErrLayout, name)
	}
}

func TestQueueOptions(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	kazoo := queue.With(recipes.WithLayout(recipes.Kazoo))
	for _, opts := range [][]queue.Option{
		{queue.WithMaxLen(0)}, {queue.WithShards(-1)}, {queue.WithDelay(-1)},
		{kazoo, queue.WithPriority(1000)}, {kazoo, queue.WithDelay(1)},
	} {
		_, err := numbers(c, opts...).Put(ctx, 1)
		require.ErrorIs(t, err, client.ErrBadArguments)
		_, err = numbers(c, opts...).Take(ctx)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	short := numbers(c, queue.WithMaxLen(2))
	put(t, short, 1, 2)
	_, err := short.Put(ctx, 3)
	require.ErrorIs(t, err, recipes.ErrFull)
	err = short.PutAll(ctx, 3)
	require.ErrorIs(t, err, recipes.ErrFull)
	require.ErrorContains(t, err, "0 of 1 are in")
	takes(t, short, 1)
	put(t, short, 3)
	clear(t, c)

	sharded := numbers(c, queue.WithMaxLen(2), queue.WithShards(3))
	put(t, sharded, 1, 2, 3, 4, 5, 6)
	_, err = sharded.Put(ctx, 7)
	require.ErrorIs(t, err, recipes.ErrFull)
	n, err := sharded.Len(ctx)
	require.NoError(t, err)
	require.Equal(t, 6, n)
	var got []int
	for range 6 {
		it, err := sharded.Receive(ctx)
		require.NoError(t, err)
		got = append(got, it.Value)
		require.NoError(t, it.Ack(ctx))
	}
	require.ElementsMatch(t, []int{1, 2, 3, 4, 5, 6}, got)
}

// What does not fit into one Multi goes into several, and an error says how many are in.
func TestPutMany(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	many := make([]int, 1200)
	for i := range many {
		many[i] = i
	}
	q := numbers(c, queue.WithMaxLen(600))
	err := q.PutAll(ctx, many...)
	require.ErrorIs(t, err, recipes.ErrFull)
	require.ErrorContains(t, err, "500 of 1200 are in")
	takes(t, q, many[:500]...)
	clear(t, c)

	large := queue.New(c, path, recipes.Raw())
	texts := make([][]byte, 5)
	for i := range texts {
		texts[i] = bytes.Repeat([]byte{byte(i)}, 300_000)
	}
	require.NoError(t, large.PutAll(ctx, texts...))
	for _, want := range texts {
		got, err := large.Take(ctx)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	require.ErrorIs(t, large.PutAll(ctx, make([]byte, 2<<20)), client.ErrTooLarge)
	require.NoError(t, large.PutAll(ctx))
}

func TestPriorities(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	for _, opts := range [][]queue.Option{nil, {queue.With(recipes.WithLayout(recipes.Kazoo))}} {
		of := func(p int) *queue.Queue[int] {
			return numbers(c, append([]queue.Option{queue.WithPriority(p)}, opts...)...)
		}
		put(t, of(5), 50, 51)
		put(t, of(999), 90)
		q := of(0)
		takes(t, q, 50)
		put(t, of(3), 30) // and it comes before what was listed already
		if opts == nil {
			put(t, of(-7), -70)
			takes(t, q, -70)
		}
		takes(t, q, 30, 51, 90)
		n, err := q.Len(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
		clear(t, c)
	}
}

func TestDelays(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	begun := time.Now()
	const late = 300 * time.Millisecond
	put(t, numbers(c, queue.WithDelay(late)), 2)
	put(t, numbers(c, queue.WithDelay(time.Hour)), 3)
	now := numbers(c, queue.WithDelay(0))
	put(t, now, 1)
	takes(t, now, 1)
	takes(t, now, 2)
	require.GreaterOrEqual(t, time.Since(begun), late)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := now.Take(short)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestDeadLetters(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	const grave = "/app/dead"
	q := numbers(c, queue.WithDeadLetter(2, grave))
	put(t, q, 1, 2)
	for range 2 {
		require.NoError(t, receives(t, q, 1).Nack(ctx))
		q = numbers(c, queue.WithDeadLetter(2, grave))
	}
	_, _, err := c.Create(ctx, path+"/queue-", []byte("no item"), client.Sequential)
	require.NoError(t, err)
	put(t, q, 3)
	require.NoError(t, receives(t, q, 2).Ack(ctx))
	takes(t, q, 3)
	dead := queue.New(c, grave, recipes.JSON[int]())
	takes(t, dead, 1)
	_, err = dead.Take(ctx)
	require.ErrorIs(t, err, recipes.ErrLayout, "it is still no item, and is kept")
	n, err := dead.Len(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// An item that is lost is had by the next one; one who waits hears of the end of its session.
func TestQueueLoss(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	put(t, numbers(other), 1)
	it := receives(t, numbers(c), 1)
	var next *queue.Item[int]
	waiter := inBackground(func() (err error) {
		next, err = numbers(other).Receive(ctx)
		return err
	})
	_, err := c.Multi(ctx, it.Check(), client.OpCreate("/app/done", nil))
	require.NoError(t, err)
	w.expire(c)
	isLost(t, it.Held)
	waiter.ends(t)
	require.Equal(t, 2, next.Deliveries)
	require.Greater(t, next.Token(), it.Token())
	require.ErrorIs(t, it.Ack(ctx), recipes.ErrLost)
	_, err = c.Multi(ctx, it.Check(), client.OpDelete("/app/done", client.AnyVersion))
	require.ErrorIs(t, err, client.ErrNoNode, "a late write is fenced")

	lists := make(chan struct{}, 64)
	w.Seen(jute.OpGetChildren2, func() { lists <- struct{}{} })
	waiter = inBackground(func() error { _, err := numbers(c).Take(ctx); return err })
	<-lists
	w.expire(c)
	closed(t, waiter.done, "its session is over")
	require.ErrorIs(t, waiter.err, recipes.ErrLost)

	short, cancel := context.WithCancel(ctx)
	waiter = inBackground(func() error { _, err := numbers(c).Receive(short); return err })
	<-lists
	cancel()
	closed(t, waiter.done, "it gives up")
	require.ErrorIs(t, waiter.err, context.Canceled)
	require.NoError(t, other.Delete(ctx, path+"/"+next.ID, client.AnyVersion))
	require.ErrorIs(t, next.Ack(ctx), recipes.ErrLost, "somebody has deleted the item")
	hasNone(t, other)
}

// Who waits sleeps until something happens that may give it an item: a new item, a new shard, an item
// that is given back.
func TestQueueWaits(t *testing.T) {
	for name, opts := range map[string][]queue.Option{
		"plain": nil, "shards": {queue.WithShards(3)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			c, other := w.client(), numbers(w.beside(), opts...)
			lists, multis := make(chan struct{}, 256), make(chan struct{}, 256)
			w.Seen(jute.OpGetChildren2, func() { lists <- struct{}{} })
			w.Seen(jute.OpExists, func() { lists <- struct{}{} })
			w.Seen(jute.OpMulti, func() { multis <- struct{}{} })
			waits := func(requests int) *later {
				l := inBackground(func() error {
					it, err := numbers(c, opts...).Receive(ctx)
					if err == nil {
						err = it.Nack(ctx)
					}
					return err
				})
				for range requests {
					<-lists
				}
				require.NoError(t, c.Sync(ctx, "/"))
				require.True(t, isOpen(l.done))
				return l
			}
			// There is no queue: it lists the node, twice, and waits for it to be made.
			waiter := waits(3)
			put(t, other, 1)
			waiter.ends(t)

			it := receives(t, other, 1)
			for len(lists) > 0 || len(multis) > 0 {
				select {
				case <-lists:
				case <-multis:
				}
			}
			// The one item is claimed: it lists items and claims, with shards these too, twice.
			requests := 4
			if opts != nil {
				requests = 6
			}
			waiter = waits(requests)
			require.Empty(t, multis, "it does not try what is claimed")
			require.NoError(t, it.Nack(ctx))
			waiter.ends(t)
		})
	}
}

// The name of an item whose answer got lost is found, also if another one came behind it. If the
// item has been taken by then, the name is not known.
func TestQueueIDAfterALostAnswer(t *testing.T) {
	for id, meanwhile := range map[string]func(q *queue.Queue[int]){
		"queue-0000000001": func(*queue.Queue[int]) {},
		"":                 func(q *queue.Queue[int]) { takes(t, q, 1, 2) },
	} {
		w := newWorld(t)
		q, other := numbers(w.client()), numbers(w.beside())
		put(t, other, 1)
		w.Cut(jute.OpMulti, proxy.After)
		w.Seen(jute.OpSync, sync.OnceFunc(func() {
			meanwhile(other)
			put(t, other, 3)
		}))
		got, err := q.Put(testContext(t), 2)
		require.NoError(t, err)
		require.Equal(t, id, got)
	}
}

// Bytes that are no item of Curator's are told, whatever they are.
func TestQueueBadItems(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	for _, data := range []string{
		"", "\x00\x01\x00", "\x00\x01\x00\x02\x02", "\x00\x01\x00\x01", "\x00\x01\x00\x01\x03",
		"\x00\x01\x00\x01\x01\x00\x00", "\x00\x01\x00\x01\x01\x00\x00\x00\x01",
		"\x00\x01\x00\x01\x01\x00\x00\x00\x017", "\x00\x01\x00\x01\x01\xff\xff\xff\xff7\x02",
	} {
		clear(t, c)
		_, _, err := c.Create(ctx, path+"/queue-0000000000", []byte(data), client.Parents)
		require.NoError(t, err)
		_, err = numbers(c).Take(ctx)
		require.ErrorIs(t, err, recipes.ErrLayout, "%q", data)
		n, err := numbers(c).Len(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n, "it stays")
	}
}

// market is a queue with those who put and those who take, each over a connection of its own.
type market struct {
	*world
	mu     sync.Mutex
	put    map[int]bool // that are in for sure
	unsure map[int]bool // that may be in
	had    map[int]int  // how often each was taken, or acknowledged
	sold   *sync.Cond
}

// trader is one of a market: its world can be disturbed alone.
func (m *market) trader() (*world, *client.Client) {
	m.t.Helper()
	p, err := proxy.Start(m.server)
	require.NoError(m.t, err)
	m.t.Cleanup(p.Close)
	return &world{Proxy: p, t: m.t, server: m.server}, m.dial(p.Addr(), nil)
}

// produce puts numbers over connections that break.
func (m *market) produce(ctx context.Context, w *world, c *client.Client, from, n int) {
	q, rng := numbers(c), rand.New(rand.NewPCG(uint64(from), 3))
	for v := from; v < from+n; v++ {
		if rng.IntN(3) == 0 {
			w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
		}
		_, err := q.Put(ctx, v)
		m.mu.Lock()
		switch {
		case err == nil:
			m.put[v] = true
		case errors.Is(err, client.ErrUnknownOutcome):
			m.unsure[v] = true
		default:
			m.t.Errorf("put: %v", err)
		}
		m.mu.Unlock()
	}
}

// done notes that an item was had.
func (m *market) done(v int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.had[v]++
	m.sold.Broadcast()
}

// sellOut waits until everything that was put was had.
func (m *market) sellOut(ctx context.Context) {
	defer context.AfterFunc(ctx, m.sold.Broadcast)()
	m.mu.Lock()
	defer m.mu.Unlock()
	for v := range m.put {
		for m.had[v] == 0 && ctx.Err() == nil {
			m.sold.Wait()
		}
	}
}

const (
	traders = 4
	wares   = 80 // of each producer
)

func newMarket(t *testing.T) *market {
	m := &market{
		world: newWorld(t), put: map[int]bool{}, unsure: map[int]bool{}, had: map[int]int{},
	}
	m.sold = sync.NewCond(&m.mu)
	return m
}

// open runs traders that put and traders that consume, until everything is sold.
func (m *market) open(consume func(ctx context.Context, w *world, c *client.Client, i int)) {
	ctx := testContext(m.t)
	consuming, stop := context.WithCancel(ctx)
	defer stop()
	var producers, consumers sync.WaitGroup
	for i := range traders {
		seller, theirs := m.trader()
		producers.Go(func() { m.produce(ctx, seller, theirs, i*wares, wares) })
		buyer, own := m.trader()
		consumers.Go(func() { consume(consuming, buyer, own, i) })
	}
	producers.Wait()
	m.sellOut(ctx)
	stop()
	consumers.Wait()
}

// Items are put and taken over connections that break: each goes to one taker, and none is lost as
// long as sessions live.
func TestTakeHistory(t *testing.T) {
	m := newMarket(t)
	m.open(func(ctx context.Context, w *world, c *client.Client, i int) {
		q, rng := numbers(c), rand.New(rand.NewPCG(uint64(i), 5))
		for ctx.Err() == nil {
			if rng.IntN(3) == 0 {
				w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
			}
			v, err := q.Take(ctx)
			switch {
			case err == nil:
				m.done(v)
			case ctx.Err() == nil:
				t.Errorf("take: %v", err)
			}
		}
	})
	for v := range traders * wares {
		require.LessOrEqual(t, m.had[v], 1, "%d was taken twice", v)
		if m.put[v] {
			require.Equal(t, 1, m.had[v], "%d was lost", v)
		}
	}
	require.Empty(t, m.unsure)
}

// Items are received by workers whose sessions end in the midst of it. Each item is acknowledged
// once, and delivered again only to make up for a loss.
func TestReceiveHistory(t *testing.T) {
	m := newMarket(t)
	var (
		mu    sync.Mutex
		holds = map[int]*recipes.Held{} // who had an item last
		gone  = map[int]bool{}          // acknowledged
	)
	m.open(func(ctx context.Context, w *world, c *client.Client, i int) {
		q, rng := numbers(c), rand.New(rand.NewPCG(uint64(i), 6))
		for ctx.Err() == nil {
			it, err := q.Receive(ctx)
			if err != nil {
				continue // lost while it waited
			}
			mu.Lock()
			if gone[it.Value] {
				t.Errorf("%d was delivered after it was acknowledged", it.Value)
			}
			last := holds[it.Value]
			holds[it.Value] = it.Held
			mu.Unlock()
			if last != nil {
				select { // its session may have ended without its client having heard of that
				case <-last.Lost():
				case <-ctx.Done():
					t.Errorf("%d is held by two", it.Value)
				}
			}
			switch rng.IntN(8) {
			case 0:
				w.expire(c)
			case 1:
				_ = it.Nack(ctx)
				continue
			case 2, 3, 4:
				w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
			}
			err = it.Ack(ctx)
			if err == nil {
				mu.Lock()
				gone[it.Value] = true
				mu.Unlock()
				m.done(it.Value)
			}
			if err != nil && !errors.Is(err, recipes.ErrLost) && ctx.Err() == nil {
				t.Errorf("ack: %v", err)
			}
		}
	})
	missing := []string{}
	for v := range m.put {
		if m.had[v] != 1 {
			missing = append(missing, strconv.Itoa(v))
		}
	}
	require.Empty(t, missing, "acknowledged never, or twice")
}

// Collectors get as many items as they should, and each item goes to one of them.
func TestQueueGatherHistory(t *testing.T) {
	const n = 5
	m := newMarket(t)
	sizes := map[int]int{}
	m.open(func(ctx context.Context, w *world, c *client.Client, i int) {
		g := queue.NewGather(c, path, n, recipes.JSON[int]())
		rng := rand.New(rand.NewPCG(uint64(i), 8))
		for ctx.Err() == nil {
			if rng.IntN(3) == 0 {
				w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
			}
			vs, err := g.Collect(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("collect: %v", err)
				}
				continue
			}
			m.mu.Lock()
			sizes[len(vs)]++
			m.mu.Unlock()
			for _, v := range vs {
				m.done(v)
			}
		}
	})
	require.Equal(t, map[int]int{n: traders * wares / n}, sizes)
	for v := range traders * wares {
		require.Equal(t, 1, m.had[v])
	}
	_, err := queue.NewGather(m.beside(), path, 0, recipes.JSON[int]()).Collect(testContext(t))
	require.ErrorIs(t, err, client.ErrBadArguments)
}

// The numbers of items wrap to negative ones, and the order goes on.
func TestQueueOrderOverTheWrap(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	kazoo := queue.With(recipes.WithLayout(recipes.Kazoo))
	for _, name := range []string{"2147483646", "2147483647", "-2147483648", "-2147483647"} {
		_, _, err := c.Create(ctx, path+"/entry-100-"+name, []byte(name), client.Parents)
		require.NoError(t, err)
	}
	takes(t, numbers(c, kazoo), 2147483646, 2147483647, -2147483648, -2147483647)
}
