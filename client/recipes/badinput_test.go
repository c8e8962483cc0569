package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/barrier"
	"quoll/client/recipes/cache"
	"quoll/client/recipes/config"
	"quoll/client/recipes/counter"
	"quoll/client/recipes/discovery"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/group"
	"quoll/client/recipes/lock"
	"quoll/client/recipes/naming"
	"quoll/client/recipes/node"
	"quoll/client/recipes/partition"
	"quoll/client/recipes/queue"
	"quoll/client/recipes/task"
	"quoll/client/recipes/topic"
	"quoll/client/recipes/twophase"
)

// first is the error of the first element, nil without an error.
func first[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		return err
	}
	return nil
}

// only is the error of a call that returns something too.
func only[T any](_ T, err error) error { return err }

// byPath are calls of every recipe at a path, which may have options and data where the recipe
// takes some.
func byPath(opts []recipes.Option, data []byte) map[string]func(context.Context, *client.Client, string) error {
	type ctx = context.Context
	type cl = *client.Client
	with := append([]recipes.Option{recipes.WithData(data)}, opts...)
	raw := func(c cl, p string) *queue.Queue[[]byte] {
		return queue.New(c, p, recipes.Raw(), queue.With(opts...))
	}
	return map[string]func(ctx, cl, string) error{
		"lock":        func(x ctx, c cl, p string) error { return only(lock.New(c, p, with...).Lock(x)) },
		"try lock":    func(x ctx, c cl, p string) error { return only(lock.New(c, p, with...).TryLock(x)) },
		"simple lock": func(x ctx, c cl, p string) error { return only(lock.NewSimple(c, p, with...).Lock(x)) },
		"read lock":   func(x ctx, c cl, p string) error { return only(lock.NewRW(c, p, with...).R().Lock(x)) },
		"semaphore": func(x ctx, c cl, p string) error {
			return only(lock.NewSemaphore(c, p, 1, with...).Acquire(x, 1))
		},
		"all": func(x ctx, c cl, p string) error { return only(lock.All(x, lock.New(c, p, with...))) },
		"election": func(x ctx, c cl, p string) error {
			return only(elect.New(c, p, data, opts...).Campaign(x))
		},
		"barrier": func(x ctx, c cl, p string) error { return barrier.New(c, p, opts...).Set(x) },
		"double barrier": func(x ctx, c cl, p string) error {
			return only(barrier.NewDouble(c, p, 1, "a", opts...).Enter(x))
		},
		"gather": func(x ctx, c cl, p string) error {
			return barrier.NewGather(c, p, 2, opts...).Arrive(x, "a")
		},
		"put":     func(x ctx, c cl, p string) error { return only(raw(c, p).Put(x, data)) },
		"put all": func(x ctx, c cl, p string) error { return raw(c, p).PutAll(x, data) },
		"gathering queue": func(x ctx, c cl, p string) error {
			return only(queue.NewGather(c, p, 2, recipes.Raw(), queue.With(opts...)).Put(x, data))
		},
		"add": func(x ctx, c cl, p string) error { return only(counter.NewInt64(c, p, opts...).Add(x, 1)) },
		"value": func(x ctx, c cl, p string) error {
			return counter.NewValue(c, p, recipes.Raw(), opts...).Set(x, data)
		},
	}
}

// plainly are calls of the recipes that take no options.
func plainly(data []byte) map[string]func(context.Context, *client.Client, string) error {
	type ctx = context.Context
	type cl = *client.Client
	return map[string]func(ctx, cl, string) error{
		"leader":  func(x ctx, c cl, p string) error { return only(elect.New(c, p, nil).Leader(x)) },
		"observe": func(x ctx, c cl, p string) error { return first(elect.New(c, p, nil).Observe(x)) },
		"take": func(x ctx, c cl, p string) error {
			return only(queue.New(c, p, recipes.Raw()).Take(x))
		},
		"join":    func(x ctx, c cl, p string) error { return only(group.Join(x, c, p, "a", data)) },
		"members": func(x ctx, c cl, p string) error { return only(group.Members(x, c, p)) },
		"watch":   func(x ctx, c cl, p string) error { return first(group.Watch(x, c, p)) },
		"register": func(x ctx, c cl, p string) error {
			in := discovery.Instance[[]byte]{Name: "s", ID: "a", Payload: data}
			return only(discovery.Register(x, c, p, in))
		},
		"open": func(x ctx, c cl, p string) error {
			return only(discovery.Open[busy](x, c, p, "s"))
		},
		"node cache": func(x ctx, c cl, p string) error { return only(cache.OpenNode(x, c, p)) },
		"tree": func(x ctx, c cl, p string) error {
			return only(cache.OpenTree(x, c, p, cache.TreeOptions{}))
		},
		"publish": func(x ctx, c cl, p string) error {
			return only(config.Publish(x, c, p, map[string][]byte{"a": data}, ""))
		},
		"history":      func(x ctx, c cl, p string) error { return only(config.History(x, c, p)) },
		"watch config": func(x ctx, c cl, p string) error { return first(config.Watch(x, c, p, same)) },
		"unique":       func(x ctx, c cl, p string) error { return only(naming.Unique(x, c, p, "n")) },
		"ids":          func(x ctx, c cl, p string) error { return only(naming.NewIDs(c, p, 1).Next(x)) },
		"worker id": func(x ctx, c cl, p string) error {
			_, _, err := naming.WorkerID(x, c, p, 1)
			return err
		},
		"node": func(x ctx, c cl, p string) error {
			return only(node.Persistent(x, c, p, data, node.Ephemeral()))
		},
		"topic":     func(x ctx, c cl, p string) error { return only(topic.New(c, p, 1).Publish(x, data)) },
		"subscribe": func(x ctx, c cl, p string) error { return first(topic.New(c, p, 0).Subscribe(x, 1)) },
		"cursor":    func(x ctx, c cl, p string) error { return topic.New(c, p, 0).Cursor("a").Save(x, 1) },
		"submit":    func(x ctx, c cl, p string) error { return task.New(c, p).Submit(x, "a", data) },
		"tasks":     func(x ctx, c cl, p string) error { return only(task.New(c, p).All(x)) },
		"partition": func(x ctx, c cl, p string) error {
			return first(partition.Join(x, c, p, "a", []string{"i"}, partition.Hash))
		},
		"two-phase": func(x ctx, c cl, p string) error {
			return only(twophase.Begin(x, c, p, "a", []string{"b"}, data))
		},
	}
}

// Each recipe refuses a path that no node can have, with the path as it was given, and sends nothing
// for it.
func TestMalformedPaths(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for _, calls := range []map[string]func(context.Context, *client.Client, string) error{
		byPath(nil, nil), plainly(nil),
	} {
		for name, call := range calls {
			for _, path := range []string{"app", "/app//x", "/app/../x", "/app/\x01"} {
				ctx, cancel := context.WithTimeout(testContext(t), 5*time.Second)
				err := call(ctx, c, path)
				cancel()
				require.ErrorIs(t, err, client.ErrInvalidPath, "%s %q", name, path)
				require.ErrorContains(t, err, strings.Trim(strconv.Quote(path), `"`), name)
			}
		}
	}
	names, _, err := other.Children(testContext(t), "/")
	require.NoError(t, err)
	require.NotContains(t, names, "app")
}

// An ACL that the server does not take is an error that names the node, and nothing is left.
func TestMalformedACLs(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, _, err := other.Create(testContext(t), path, nil, client.Parents)
	require.NoError(t, err)
	bad := recipes.WithACL(client.ACL{Perms: 31, ID: client.ID{Scheme: "none", ID: "x"}})
	for name, call := range byPath([]recipes.Option{bad}, []byte("d")) {
		at := path
		if name == "barrier" || name == "value" || name == "add" || name == "gather" {
			at = path + "/" + name // these are their node
		}
		ctx, cancel := context.WithTimeout(testContext(t), 5*time.Second)
		err := call(ctx, c, at)
		cancel()
		require.ErrorIs(t, err, client.ErrInvalidACL, name)
		require.ErrorContains(t, err, path, name)
		waitChildren(t, other, 0)
	}
}

// Data that is larger than a request is an error with the figures, and nothing is left of it.
func TestLargeData(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	large := make([]byte, 1<<20)
	takes := map[string]bool{ // data
		"lock": true, "simple lock": true, "semaphore": true, "election": true, "put": true,
		"put all": true, "gathering queue": true, "value": true, "join": true, "register": true,
		"publish": true, "node": true, "topic": true, "submit": true, "two-phase": true,
	}
	for _, calls := range []map[string]func(context.Context, *client.Client, string) error{
		byPath(nil, large), plainly(large),
	} {
		for name, call := range calls {
			if !takes[name] {
				continue
			}
			delete(takes, name)
			clear(t, other)
			ctx, cancel := context.WithTimeout(testContext(t), 5*time.Second)
			err := call(ctx, c, path)
			cancel()
			require.ErrorIs(t, err, client.ErrTooLarge, name)
			require.ErrorContains(t, err, path, name)
			require.ErrorContains(t, err, "at most", name)
			s := &scene{c: c, other: other}
			require.NoError(t, s.becomes(testContext(t), "/app/s", 0), name)
		}
	}
	require.Empty(t, takes)
}

// Before each step of each scenario somebody overwrites every node there is. No recipe hangs or
// breaks down: it goes on, or its error names the node.
func TestGarbageInEveryNode(t *testing.T) {
	for name, begin := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := w.beside()
			for spoiled := range len(begin(&scene{c: w.client(), other: other})) {
				clear(t, other)
				s := &scene{c: w.client(), other: other}
				ctx, cancel := context.WithTimeout(testContext(t), 200*time.Millisecond)
				for i, step := range begin(s) {
					if i == spoiled {
						spoil(t, other)
					}
					ended := inBackground(func() error { return step(ctx) })
					closed(t, ended.done, fmt.Sprint("step ", i, " ends"))
					err := ended.err
					if err == nil {
						continue
					}
					if i < spoiled && ctx.Err() != nil {
						break // a crowded machine is slow
					}
					require.GreaterOrEqual(t, i, spoiled, err)
					if !errors.Is(err, errOther) && ctx.Err() == nil {
						require.ErrorContains(t, err, "/app")
					}
					break
				}
				cancel()
				_ = s.c.Close()
			}
		})
	}
}

// spoil writes into every node what is no JSON and no number.
func spoil(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := testContext(t)
	for n, err := range c.Walk(ctx, "/app", client.WalkOptions{}) {
		if errors.Is(err, client.ErrNoNode) {
			return
		}
		require.NoError(t, err)
		_, err = c.Set(ctx, n.Path, []byte("{\"\x00\xff"), client.AnyVersion)
		if err != nil {
			require.ErrorIs(t, err, client.ErrNoNode)
		}
	}
}
