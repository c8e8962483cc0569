package recipes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/config"
	"quoll/internal/proxy"
	"quoll/jute"
)

var errBad = errors.New("bad")

// same makes a number of values that must all be the same one.
func same(values map[string][]byte) (int, error) {
	for _, v := range values {
		if !bytes.Equal(v, values["a"]) {
			panic(fmt.Sprintf("values of two revisions: %q", values))
		}
	}
	n, err := strconv.Atoi(string(values["a"]))
	if err != nil {
		return 0, errBad
	}
	return n, nil
}

func both(text string) map[string][]byte {
	return map[string][]byte{"a": []byte(text), "b": []byte(text)}
}

func TestConfig(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	w := newWorld(t)
	c, other := w.client(), w.beside()
	next, stop := iter.Pull2(config.Watch(ctx, c, path, same))
	defer stop()
	publish := func(text string) {
		t.Helper()
		_, err := config.Publish(ctx, other, path, both(text), "it is "+text)
		require.NoError(t, err)
	}
	publish("1")
	v, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, 1, v.Value)
	require.EqualValues(t, 1, v.Revision.Number)
	require.Equal(t, "it is 1", v.Revision.Comment)
	publish("no number")
	v, err, _ = next()
	require.ErrorIs(t, err, errBad)
	require.EqualValues(t, 2, v.Revision.Number)
	// Over a session the same revision is read again, and not told again.
	reads, told := make(chan struct{}, 16), make(chan struct{})
	w.Seen(jute.OpGetData, func() { reads <- struct{}{} })
	go func() {
		defer close(told)
		v, err, _ = next()
	}()
	w.expire(c)
	<-reads
	require.NoError(t, c.Sync(ctx, "/"))
	publish("3")
	closed(t, told, "the third one is told")
	require.NoError(t, err)
	require.Equal(t, 3, v.Value)
	r, err := config.Rollback(ctx, other, path, 1)
	require.NoError(t, err)
	require.EqualValues(t, 4, r.Number)
	v, err, _ = next()
	require.NoError(t, err)
	require.Equal(t, 1, v.Value)
	list, err := config.History(ctx, c, path)
	require.NoError(t, err)
	require.Len(t, list, 4)
	require.Equal(t, "revision 1 again: it is 1", list[3].Comment)
	_, err = config.Rollback(ctx, other, path, 9)
	require.ErrorIs(t, err, client.ErrNoNode)
	_, err = config.Publish(ctx, other, path, map[string][]byte{"a/b": nil}, "")
	require.ErrorIs(t, err, client.ErrBadArguments)
	cancel()
	_, err, _ = next()
	require.ErrorIs(t, err, context.Canceled)

	_, err = other.Set(testContext(t), path, []byte("not ours"), client.AnyVersion)
	require.NoError(t, err)
	_, err = config.Publish(testContext(t), other, path, both("1"), "")
	require.ErrorIs(t, err, recipes.ErrLayout)
}

// What does not fit into one Multi is valid at one moment too.
func TestLargeConfig(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Create(ctx, path, nil, client.Parents)
	require.NoError(t, err)
	values := map[string][]byte{}
	for i := range 10 {
		values[fmt.Sprint(i)] = bytes.Repeat([]byte{byte(i)}, 200_000)
	}
	for range 3 {
		w.Cut(jute.OpMulti, proxy.After)
	}
	_, err = config.Publish(ctx, c, path, values, "large")
	require.NoError(t, err)
	all := func(values map[string][]byte) (map[string][]byte, error) { return values, nil }
	for v, err := range config.Watch(ctx, c, path, all) {
		require.NoError(t, err)
		require.Equal(t, values, v.Value)
		break
	}
	list, err := config.History(ctx, c, path)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// Many publish over connections that break at each of their requests: each publication is one
// revision, and a watcher sees whole ones only.
func TestPublishOverCuts(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	other := w.beside()
	var publishers sync.WaitGroup
	for i := range 3 {
		c := w.client()
		publishers.Go(func() {
			for j := range 12 {
				w.Cut([]jute.OpCode{jute.OpMulti, jute.OpGetData, jute.OpSync}[j%3],
					proxy.Where(i))
				text := fmt.Sprint(i*12 + j)
				_, err := config.Publish(ctx, c, path, both(text), text)
				if err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		})
	}
	seen := 0
	for v, err := range config.Watch(ctx, other, path, same) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(v.Value), v.Revision.Comment)
		seen++
		if v.Revision.Number == 36 {
			break
		}
	}
	publishers.Wait()
	list, err := config.History(ctx, other, path)
	require.NoError(t, err)
	require.Len(t, list, 36)
	comments := map[string]bool{}
	for _, r := range list {
		comments[r.Comment] = true
	}
	require.Len(t, comments, 36, "each once")
}
