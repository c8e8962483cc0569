package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/topic"
	"quoll/internal/proxy"
	"quoll/jute"
)

// publish publishes numbers from first to last, which are the messages' own.
func publish(t *testing.T, top *topic.Topic, first, last int64) {
	t.Helper()
	for i := first; i <= last; i++ {
		seq, err := top.Publish(testContext(t), []byte(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Equal(t, i, seq)
	}
}

// subscription is a subscriber that a test reads by hand.
type subscription struct {
	t    *testing.T
	next func() (topic.Message, error, bool)
}

func subscribe(t *testing.T, messages iter.Seq2[topic.Message, error]) *subscription {
	next, stop := iter.Pull2(messages)
	t.Cleanup(stop)
	return &subscription{t, next}
}

func (s *subscription) gets(first, last int64) {
	s.t.Helper()
	for i := first; i <= last; i++ {
		m, err, ok := s.next()
		require.True(s.t, ok)
		require.NoError(s.t, err)
		require.Equal(s.t, i, m.Seq)
		require.Equal(s.t, fmt.Sprint(i), string(m.Data))
		require.False(s.t, m.Time.IsZero())
	}
}

func (s *subscription) misses(n int64) {
	s.t.Helper()
	_, err, ok := s.next()
	require.True(s.t, ok)
	var gap *topic.Gap
	require.ErrorAs(s.t, err, &gap)
	require.Equal(s.t, n, gap.Missed)
}

func TestTopic(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	w := newWorld(t)
	c, other := w.client(), w.beside()
	top := topic.New(other, path, 5)
	publish(t, top, 1, 3)
	reader := topic.New(c, path, 0)
	all := subscribe(t, reader.Subscribe(ctx, topic.Oldest))
	all.gets(1, 3)
	some := subscribe(t, reader.Subscribe(ctx, 3))
	some.gets(3, 3)
	latest := subscribe(t, reader.Subscribe(ctx, topic.Newest))
	arrived := make(chan struct{})
	read := make(chan struct{}, 16)
	w.Seen(jute.OpGetData, func() { read <- struct{}{} })
	go func() {
		defer close(arrived)
		latest.gets(4, 4)
	}()
	<-read // it knows of three messages then
	require.NoError(t, c.Sync(ctx, "/"))
	publish(t, top, 4, 4)
	closed(t, arrived, "the newest one")
	w.Seen(jute.OpGetData, nil)

	publish(t, top, 5, 12)
	all.misses(4) // 8 to 12 are kept
	all.gets(8, 12)
	w.Drop(0)
	publish(t, top, 13, 14)
	all.gets(13, 14)
	w.expire(c)
	publish(t, top, 15, 15)
	all.gets(15, 15)

	// Fewer are kept from now on, and a message is deleted by hand.
	less := topic.New(other, path, 2)
	publish(t, less, 16, 17)
	require.NoError(t, other.Delete(ctx, path+"/m-0000000000000000016", client.AnyVersion))
	all.misses(1)
	all.gets(17, 17)
	publish(t, less, 18, 18)
	names, _, err := other.Children(ctx, path)
	require.NoError(t, err)
	require.Len(t, names, 2)

	// A topic that is deleted begins again, and whoever is ahead hears of it.
	_, err = other.DeleteAll(ctx, path, client.DeleteAllOptions{})
	require.NoError(t, err)
	publish(t, less, 1, 1)
	all.misses(0)
	all.gets(1, 1)

	cancel()
	_, err, _ = all.next()
	require.ErrorIs(t, err, context.Canceled)
	ctx = testContext(t)
	for _, retain := range []int{0, -1, 10_001} {
		_, err = topic.New(other, path, retain).Publish(ctx, nil)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	_, err, _ = subscribe(t, top.Subscribe(ctx, -2)).next()
	require.ErrorIs(t, err, client.ErrBadArguments)
	for _, data := range []string{"?", `{"first":0}`, `{"first":5,"last":3}`} {
		_, err = other.Set(ctx, path, []byte(data), client.AnyVersion)
		require.NoError(t, err)
		_, err = top.Publish(ctx, nil)
		require.ErrorIs(t, err, recipes.ErrLayout)
		_, err, _ = subscribe(t, top.Subscribe(ctx, 1)).next()
		require.ErrorIs(t, err, recipes.ErrLayout)
	}
}

func TestCursor(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	publish(t, topic.New(other, path, 10), 1, 6)
	cursor := topic.New(c, path, 0).Cursor("mailer")
	seq, err := cursor.Seq(ctx)
	require.NoError(t, err)
	require.Zero(t, seq)
	subscribe(t, cursor.Messages(ctx)).gets(1, 4)
	for _, where := range []proxy.Where{proxy.Before, proxy.After, proxy.Inside} {
		for _, op := range []jute.OpCode{jute.OpSetData, jute.OpGetData, jute.OpCreate2} {
			w.Cut(op, where)
			require.NoError(t, cursor.Save(ctx, 4))
			require.NoError(t, cursor.Save(ctx, 2), "it does not go back")
			seq, err = cursor.Seq(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 4, seq)
		}
		require.NoError(t, other.Delete(ctx, path+"/cursors/mailer", client.AnyVersion))
	}
	require.NoError(t, cursor.Save(ctx, 4))
	subscribe(t, topic.New(other, path, 0).Cursor("mailer").Messages(ctx)).gets(5, 6)
	require.ErrorIs(t, topic.New(c, path, 0).Cursor("a/b").Save(ctx, 1), client.ErrBadArguments)
	_, err = other.Set(ctx, path+"/cursors/mailer", []byte("x"), client.AnyVersion)
	require.NoError(t, err)
	require.ErrorIs(t, cursor.Save(ctx, 5), recipes.ErrLayout)
	_, err, _ = subscribe(t, cursor.Messages(ctx)).next()
	require.ErrorIs(t, err, recipes.ErrLayout)
}

// Many publish over connections that break at each of their requests, while subscribers read over
// such connections. The naive model: the messages with their numbers as the publishers know them.
// Nobody sees another message under a number, and nobody misses one that is not told as missed.
func TestTopicOverCuts(t *testing.T) {
	const publishers, each, retain = 3, 30, 8
	ctx := testContext(t)
	w := newWorld(t)
	ops := []jute.OpCode{jute.OpMulti, jute.OpGetData, jute.OpSync, jute.OpCreate2}
	var mu sync.Mutex
	sent, unknown := map[int64]string{}, 0
	var workers sync.WaitGroup
	for i := range publishers {
		c := w.client()
		rng := rand.New(rand.NewPCG(uint64(i), 5))
		workers.Go(func() {
			top := topic.New(c, path, retain)
			for j := range each {
				w.Cut(ops[rng.IntN(len(ops))], proxy.Where(rng.IntN(3)))
				text := fmt.Sprint(i, j)
				seq, err := top.Publish(ctx, []byte(text))
				mu.Lock()
				switch {
				case errors.Is(err, client.ErrUnknownOutcome):
					unknown++ // so many others came that its number is not kept any more
				case err != nil:
					t.Errorf("publish: %v", err)
				case sent[seq] != "":
					t.Errorf("two messages have the number %d", seq)
				default:
					sent[seq] = text
				}
				mu.Unlock()
			}
		})
	}
	type reader struct {
		got    map[int64]string
		missed int64
		last   int64
	}
	var readers [3]reader
	var reading sync.WaitGroup
	for i := range readers {
		r := &readers[i]
		r.got = map[int64]string{}
		c := w.client()
		reading.Go(func() {
			for m, err := range topic.New(c, path, 0).Subscribe(ctx, 1) {
				var gap *topic.Gap
				switch {
				case errors.As(err, &gap):
					r.missed += gap.Missed
					continue
				case err != nil:
					t.Errorf("subscribe: %v", err)
					return
				case m.Seq <= r.last:
					t.Errorf("%d behind %d", m.Seq, r.last)
				}
				r.last = m.Seq
				if string(m.Data) == "end" {
					return
				}
				r.got[m.Seq] = string(m.Data)
			}
		})
	}
	workers.Wait()
	end, err := topic.New(w.beside(), path, retain).Publish(ctx, []byte("end"))
	require.NoError(t, err)
	reading.Wait()
	require.InDelta(t, publishers*each, end-1, float64(unknown))
	for i := range readers {
		r := &readers[i]
		require.Equal(t, end, int64(len(r.got))+r.missed+1, "missed, and not told so")
		for seq, text := range r.got {
			if unknown == 0 {
				require.Equal(t, sent[seq], text)
			}
		}
	}
}
