package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

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

// scenarios are one or more for each recipe there is.
func scenarios() map[string]scenario {
	all := map[string]scenario{
		"try lock": tryLockScenario, "read lock": readLockScenario,
		"downgrade": downgradeScenario, "re-entrance": reenterScenario,
		"several locks": severalLocksScenario, "leases": leasesScenario,
		"revocation": revokeScenario, "proclamation": proclaimScenario,
		"observer": observeScenario, "latch": latchScenario,
		"barrier": barrierScenario, "double barrier": doubleScenario,
		"gather": gatherScenario, "gathering queue": gatheringQueueScenario,
		"dead letters": deadLetterScenario, "group": groupScenario,
		"service": serviceScenario, "tree": treeScenario, "node cache": nodeCacheScenario,
		"config": configScenario, "counter": counterScenario, "value": valueScenario,
		"unique": uniqueScenario, "worker id": workerScenario, "topic": topicScenario,
		"task": taskScenario, "partition": partitionScenario, "two-phase": twoPhaseScenario,
	}
	for name, take := range takings() {
		all[name] = takingScenario(take)
	}
	for name, opts := range map[string][]queue.Option{
		"plain": nil, "priority": {queue.WithPriority(3)},
		"delay": {queue.WithDelay(time.Millisecond)}, "shards": {queue.WithShards(2)},
	} {
		all["queue, "+name] = queueScenario(opts)
	}
	for name, mode := range modes() {
		all["node, "+name] = nodeScenario(mode)
	}
	for _, kind := range []discovery.Type{discovery.Dynamic, discovery.Static} {
		all["registration, "+kind.String()] = registrationScenario(kind)
	}
	return all
}

// isHeldBy says that something is held by a client, on the server too.
func (s *scene) isHeldBy(ctx context.Context, owner *client.Client, h *recipes.Held) error {
	_, stat, err := s.other.Get(ctx, h.Path())
	if err == nil {
		err = h.Err()
	}
	return is(owner.Session().ID(), stat.EphemeralOwner, err)
}

// Something exclusive goes from one client to the other one and back: there is one node all the
// time, and in the end none.
func takingScenario(take taking) scenario {
	return func(s *scene) []step {
		var h *recipes.Held
		var nodes int
		takes := func(ctx context.Context, c *client.Client) (err error) {
			if h, err = take(ctx, c); err == nil {
				err = s.isHeldBy(ctx, c, h)
			}
			return err
		}
		goesTo := func(c *client.Client) step {
			return func(ctx context.Context) error {
				before := h
				next := inBackground(func() error { return takes(ctx, c) })
				err := before.Release(ctx)
				<-next.done
				return errors.Join(err, next.err)
			}
		}
		count := func(ctx context.Context) error {
			names, _, err := s.other.Children(ctx, path)
			nodes = len(names)
			return err
		}
		return []step{
			func(ctx context.Context) error { return takes(ctx, s.c) },
			count, goesTo(s.other), goesTo(s.c),
			func(ctx context.Context) error { return s.becomes(ctx, path, nodes) },
			func(ctx context.Context) error { return h.Release(ctx) },
			func(ctx context.Context) error { return s.becomes(ctx, path, 0) },
		}
	}
}

func tryLockScenario(s *scene) []step {
	return []step{func(ctx context.Context) error {
		theirs, err := lock.New(s.other, path).Lock(ctx)
		if err != nil {
			return err
		}
		if _, err := lock.New(s.c, path).TryLock(ctx); !errors.Is(err, recipes.ErrBusy) {
			return fmt.Errorf("not busy: %w", err)
		}
		return errors.Join(s.becomes(ctx, path, 1), theirs.Release(ctx))
	}, func(ctx context.Context) error {
		h, err := lock.New(s.c, path).TryLock(ctx)
		if err != nil {
			return err
		}
		return errors.Join(s.isHeldBy(ctx, s.c, h), h.Release(ctx), s.becomes(ctx, path, 0))
	}}
}

func readLockScenario(s *scene) []step {
	var theirs, ours *recipes.Held
	return []step{func(ctx context.Context) (err error) {
		theirs, err = lock.NewRW(s.other, path).R().Lock(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		if ours, err = lock.NewRW(s.c, path).R().Lock(ctx); err != nil {
			return err
		}
		return errors.Join(s.isHeldBy(ctx, s.c, ours), s.isHeldBy(ctx, s.other, theirs))
	}, func(ctx context.Context) error {
		return errors.Join(ours.Release(ctx), theirs.Release(ctx), s.becomes(ctx, path, 0))
	}}
}

func downgradeScenario(s *scene) []step {
	rw := lock.NewRW(s.c, path)
	var h *recipes.Held
	return []step{func(ctx context.Context) (err error) {
		h, err = rw.W().Lock(ctx)
		return err
	}, func(ctx context.Context) error {
		reads, err := rw.Downgrade(ctx, h)
		if err != nil {
			return err
		}
		h = reads
		return errors.Join(s.isHeldBy(ctx, s.c, h), s.becomes(ctx, path, 1))
	}, func(ctx context.Context) error {
		return errors.Join(h.Release(ctx), s.becomes(ctx, path, 0))
	}}
}

func reenterScenario(s *scene) []step {
	m, n := lock.New(s.c, path), 0
	return []step{func(ctx context.Context) error {
		err := m.Do(ctx, func(ctx context.Context) error {
			return m.Do(ctx, func(ctx context.Context) error {
				n++
				return ctx.Err()
			})
		})
		return is(1, n, err)
	}, func(ctx context.Context) error { return s.becomes(ctx, path, 0) }}
}

func severalLocksScenario(s *scene) []step {
	var all []*recipes.Held
	return []step{func(ctx context.Context) (err error) {
		all, err = lock.All(ctx, lock.New(s.c, "/app/b"), lock.New(s.c, "/app/a"))
		return is(2, len(all), err)
	}, func(ctx context.Context) error {
		for _, h := range all {
			if err := errors.Join(s.isHeldBy(ctx, s.c, h), h.Release(ctx)); err != nil {
				return err
			}
		}
		return errors.Join(s.becomes(ctx, "/app/a", 0), s.becomes(ctx, "/app/b", 0))
	}}
}

func leasesScenario(s *scene) []step {
	var two, one *recipes.Held
	return []step{func(ctx context.Context) (err error) {
		two, err = lock.NewSemaphore(s.c, "/app", 3).Acquire(ctx, 2)
		return err
	}, func(ctx context.Context) (err error) {
		if one, err = lock.NewSemaphore(s.other, "/app", 3).Acquire(ctx, 1); err != nil {
			return err
		}
		return errors.Join(s.isHeldBy(ctx, s.c, two), s.becomes(ctx, path, 3))
	}, func(ctx context.Context) error {
		return errors.Join(two.Release(ctx), s.becomes(ctx, path, 1))
	}, func(ctx context.Context) error {
		return errors.Join(one.Release(ctx), s.becomes(ctx, path, 0))
	}}
}

func revokeScenario(s *scene) []step {
	m := lock.New(s.c, path)
	var h *recipes.Held
	return []step{func(ctx context.Context) (err error) {
		h, err = lock.New(s.other, path).Lock(ctx)
		return err
	}, func(ctx context.Context) error {
		all, err := m.Contenders(ctx)
		if err := is(1, len(all), err); err != nil {
			return err
		}
		if err := m.Revoke(ctx, all[0]); err != nil {
			return err
		}
		select {
		case <-lock.Revoked(h):
			return h.Release(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

func proclaimScenario(s *scene) []step {
	e := elect.New(s.c, path, []byte("id"))
	var term *elect.Term
	says := func(want string) step {
		return func(ctx context.Context) error {
			leader, err := e.Leader(ctx)
			return is(want, string(leader.Data), err)
		}
	}
	return []step{func(ctx context.Context) (err error) {
		term, err = e.Campaign(ctx)
		return err
	}, says("id"), func(ctx context.Context) error {
		return term.Proclaim(ctx, []byte("at work"))
	}, says("at work"), func(ctx context.Context) error { return term.Release(ctx) },
		func(ctx context.Context) error {
			return e.Run(ctx, func(ctx context.Context) error {
				h, ok := recipes.HeldFrom(ctx)
				return is(true, ok, s.isHeldBy(ctx, s.c, h))
			})
		}, func(ctx context.Context) error { return s.becomes(ctx, path, 0) }}
}

func observeScenario(s *scene) []step {
	return []step{func(ctx context.Context) error {
		next, stop := iter.Pull2(elect.New(s.c, path, nil).Observe(ctx))
		defer stop()
		sees := func(want string) error {
			leader, err, _ := next()
			return is(want, string(leader.Data), err)
		}
		if err := sees(""); err != nil {
			return err
		}
		term, err := elect.New(s.other, path, []byte("id")).Campaign(ctx)
		if err := errors.Join(err, sees("id")); err != nil {
			return err
		}
		return errors.Join(term.Release(ctx), sees(""))
	}}
}

func latchScenario(s *scene) []step {
	l := elect.NewLatch(s.c, path, []byte("id"))
	return []step{func(ctx context.Context) error {
		if err := l.Start(); err != nil {
			return err
		}
		term, err := l.Wait(ctx)
		if err != nil {
			return err
		}
		return is(true, l.IsLeader(), s.isHeldBy(ctx, s.c, term.Held))
	}, func(ctx context.Context) error {
		return errors.Join(l.Close(), s.becomes(ctx, path, 0))
	}}
}

func barrierScenario(s *scene) []step {
	ours, theirs := barrier.New(s.c, path), barrier.New(s.other, path)
	return []step{ours.Set, ours.Set, func(ctx context.Context) error {
		waits := inBackground(func() error { return ours.Wait(ctx) })
		err := theirs.Remove(ctx)
		<-waits.done
		return errors.Join(err, waits.err)
	}, ours.Remove, ours.Set, ours.Remove, ours.Wait, func(ctx context.Context) error {
		_, exists, err := s.other.Exists(ctx, path)
		return is(false, exists, err)
	}}
}

func doubleScenario(s *scene) []step {
	a, b := newMember(s.c, 2), newMember(s.other, 2)
	together := func(first, second func(context.Context) *later) step {
		return func(ctx context.Context) error {
			one, two := first(ctx), second(ctx)
			<-one.done
			<-two.done
			return errors.Join(one.err, two.err)
		}
	}
	none := func(ctx context.Context) error { return s.becomes(ctx, path, 0) }
	return []step{
		together(a.enters, b.enters), together(a.leaves, b.leaves), none,
		together(b.enters, a.enters), together(b.leaves, a.leaves), none,
	}
}

func gatherScenario(s *scene) []step {
	g := barrier.NewGather(s.c, path, 2)
	arrives := func(id string) step {
		return func(ctx context.Context) error { return g.Arrive(ctx, id) }
	}
	waits := func(ctx context.Context) error {
		ids, err := g.Wait(ctx)
		return is("[a b]", fmt.Sprint(ids), err)
	}
	return []step{
		arrives("a"), arrives("b"), waits, arrives("a"), arrives("b"), waits,
		func(ctx context.Context) error {
			if err := s.becomes(ctx, path, 2); err != nil { // and no receipt
				return err
			}
			names, _, err := s.other.Children(ctx, path)
			slices.Sort(names)
			return is("[done-0000000001 done-0000000002]", fmt.Sprint(names), err)
		},
	}
}

func gatheringQueueScenario(s *scene) []step {
	g := queue.NewGather(s.c, path, 2, recipes.JSON[int]())
	var all []step
	for v := range 4 {
		all = append(all, func(ctx context.Context) error {
			_, err := g.Put(ctx, v)
			return err
		})
	}
	for _, want := range []string{"[0 1]", "[2 3]"} {
		all = append(all, func(ctx context.Context) error {
			got, err := g.Collect(ctx)
			return is(want, fmt.Sprint(got), err)
		})
	}
	return append(all, s.nothingLeft)
}

// nothingLeft waits until no item, claim or receipt of a queue is left. Shards stay.
func (s *scene) nothingLeft(ctx context.Context) error {
	names, _, err := s.other.Children(ctx, path)
	if err != nil {
		return err
	}
	shards := 0
	for _, name := range names {
		if strings.HasPrefix(name, "shard-") {
			shards++
			err = errors.Join(err, s.becomes(ctx, path+"/"+name, 0))
		}
	}
	return errors.Join(err, s.becomes(ctx, path, shards), s.becomes(ctx, locks, 0))
}

func queueScenario(opts []queue.Option) scenario {
	return func(s *scene) []step {
		q := numbers(s.c, opts...)
		var it *queue.Item[int]
		takes := func(want int) step {
			return func(ctx context.Context) error {
				got, err := q.Take(ctx)
				return is(want, got, err)
			}
		}
		receives := func(ctx context.Context) (err error) {
			if it, err = q.Receive(ctx); err != nil {
				return err
			}
			return is(2, it.Value, it.Err())
		}
		return []step{func(ctx context.Context) error {
			_, err := q.Put(ctx, 1)
			return err
		}, takes(1), func(ctx context.Context) error { return q.PutAll(ctx, 2) },
			func(ctx context.Context) error {
				n, err := q.Len(ctx)
				return is(1, n, err)
			}, receives, func(ctx context.Context) error { return it.Nack(ctx) },
			receives, func(ctx context.Context) error { return it.Ack(ctx) },
			func(ctx context.Context) error {
				waits := inBackground(func() error { return takes(3)(ctx) })
				_, err := numbers(s.other, opts...).Put(ctx, 3)
				<-waits.done
				return errors.Join(err, waits.err)
			}, s.nothingLeft}
	}
}

func deadLetterScenario(s *scene) []step {
	q := numbers(s.c, queue.WithDeadLetter(1, "/app/dead"))
	return []step{func(ctx context.Context) error {
		_, err := q.Put(ctx, 1)
		return err
	}, func(ctx context.Context) error {
		it, err := q.Receive(ctx)
		if err != nil {
			return err
		}
		return it.Nack(ctx)
	}, func(ctx context.Context) error { return q.PutAll(ctx, 2) },
		func(ctx context.Context) error {
			it, err := q.Receive(ctx)
			if err != nil {
				return err
			}
			return is(2, it.Value, it.Ack(ctx))
		}, func(ctx context.Context) error {
			v, err := queue.New(s.other, "/app/dead", recipes.JSON[int]()).Take(ctx)
			return is(1, v, err)
		}, s.nothingLeft}
}

func groupScenario(s *scene) []step {
	var m *group.Member
	members := func(want ...string) step {
		return func(ctx context.Context) error {
			view, err := group.Members(ctx, s.c, path)
			return is(fmt.Sprint(want), fmt.Sprint(ids(view.Members)), err)
		}
	}
	return []step{func(ctx context.Context) (err error) {
		m, err = group.Join(ctx, s.c, path, "a", []byte("1"))
		return err
	}, members("a=1"), func(ctx context.Context) error { return m.Update(ctx, []byte("2")) },
		members("a=2"), func(ctx context.Context) error {
			next, stop := iter.Pull2(group.Watch(ctx, s.c, path))
			defer stop()
			first, err, _ := next()
			if err := is(1, len(first.Members), err); err != nil {
				return err
			}
			b, err := group.Join(ctx, s.other, path, "b", nil)
			if err != nil {
				return err
			}
			defer b.Leave(context.Background())
			second, err, _ := next()
			return is("[b=]", fmt.Sprint(ids(second.Joined)), err)
		}, func(ctx context.Context) error { return m.Leave(ctx) },
		func(ctx context.Context) error { return s.becomes(ctx, path, 0) }}
}

func registrationScenario(kind discovery.Type) scenario {
	return func(s *scene) []step {
		in := billing("a", 1)
		in.Type = kind
		var r *discovery.Registration[busy]
		return []step{func(ctx context.Context) (err error) {
			r, err = discovery.Register(ctx, s.c, "/app", in)
			return err
		}, func(ctx context.Context) error {
			in.Payload.Calls = 2
			if err := r.Update(ctx, in); err != nil {
				return err
			}
			data, _, err := s.other.Get(ctx, r.Path())
			return is(true, strings.Contains(string(data), `"Calls":2`), err)
		}, func(ctx context.Context) error {
			return errors.Join(r.Close(ctx), s.becomes(ctx, path, 0))
		}}
	}
}

func serviceScenario(s *scene) []step {
	return []step{func(ctx context.Context) error {
		service, err := discovery.Open[busy](ctx, s.c, "/app", "leases")
		if err != nil {
			return err
		}
		defer service.Close()
		next, stop := iter.Pull2(service.Watch(ctx))
		defer stop()
		view, err, _ := next()
		if err := is(0, len(view.Instances), err); err != nil {
			return err
		}
		r, err := discovery.Register(ctx, s.other, "/app", billing("a", 1))
		if err != nil {
			return err
		}
		defer r.Close(context.Background())
		for len(view.Instances) == 0 && err == nil {
			view, err, _ = next()
		}
		if err != nil {
			return err
		}
		in, done, err := service.Pick(discovery.RoundRobin())
		if err := is("a", in.ID, err); err != nil {
			return err
		}
		done(nil)
		return nil
	}}
}

func treeScenario(s *scene) []step {
	return []step{func(ctx context.Context) error {
		if _, _, err := s.other.Create(ctx, path+"/a", nil, client.Parents); err != nil {
			return err
		}
		tree, err := cache.OpenTree(ctx, s.c, path, cache.TreeOptions{})
		if err != nil {
			return err
		}
		defer tree.Close()
		if _, ok := tree.Get(path + "/a"); !ok {
			return errors.New("it is not filled")
		}
		if _, _, err := s.other.Create(ctx, path+"/a/b", []byte("1")); err != nil {
			return err
		}
		if _, err := s.other.Set(ctx, path+"/a", []byte("2"), 0); err != nil {
			return err
		}
		for change, err := range tree.Changes(ctx) {
			if err != nil {
				return err
			}
			_, born := tree.Get(path + "/a/b")
			if change.Kind == cache.Removed {
				return fmt.Errorf("%s was never removed", change.Path)
			}
			if a, _ := tree.Get(path + "/a"); born && string(a.Data) == "2" {
				break
			}
		}
		return nil
	}}
}

func nodeCacheScenario(s *scene) []step {
	return []step{func(ctx context.Context) error {
		n, err := cache.OpenNode(ctx, s.c, path)
		if err != nil {
			return err
		}
		defer n.Close()
		if _, _, err := s.other.Create(ctx, path, []byte("1"), client.Parents); err != nil {
			return err
		}
		for {
			changed := n.Changed()
			if got, ok := n.Get(); ok {
				return is("1", string(got.Data), n.Err())
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}}
}

func configScenario(s *scene) []step {
	publishes := func(number int64) step {
		return func(ctx context.Context) error {
			r, err := config.Publish(ctx, s.c, path, both(fmt.Sprint(number)), "")
			return is(number, r.Number, err)
		}
	}
	return []step{publishes(1), publishes(2), func(ctx context.Context) error {
		r, err := config.Rollback(ctx, s.c, path, 1)
		return is(3, r.Number, err)
	}, func(ctx context.Context) error {
		list, err := config.History(ctx, s.c, path)
		return is(3, len(list), err)
	}, func(ctx context.Context) error {
		next, stop := iter.Pull2(config.Watch(ctx, s.c, path, same))
		defer stop()
		v, err, _ := next()
		if err := is(1, v.Value, err); err != nil {
			return err
		}
		if _, err := config.Publish(ctx, s.other, path, both("7"), ""); err != nil {
			return err
		}
		v, err, _ = next()
		return is(7, v.Value, err)
	}}
}

func counterScenario(s *scene) []step {
	n := counter.NewInt64(s.c, path)
	adds := func(want int64) step {
		return func(ctx context.Context) error {
			got, err := n.Add(ctx, 1)
			return is(want, got, err)
		}
	}
	return []step{adds(1), adds(2), func(ctx context.Context) error {
		swapped, err := n.CAS(ctx, 2, 7)
		return is(true, swapped, err)
	}, func(ctx context.Context) error {
		swapped, err := n.CAS(ctx, 2, 8)
		return is(false, swapped, err)
	}, func(ctx context.Context) error {
		got, err := n.Get(ctx)
		return is(7, got, err)
	}, func(ctx context.Context) error {
		_, stat, err := s.other.Get(ctx, path)
		return errors.Join(is(2, stat.Version, err), s.becomes(ctx, path, 0))
	}}
}

func valueScenario(s *scene) []step {
	v := counter.NewValue(s.c, path, recipes.JSON[int]())
	var old counter.Versioned[int]
	return []step{func(ctx context.Context) error { return v.Set(ctx, 1) },
		func(ctx context.Context) (err error) {
			old, err = v.Get(ctx)
			return is(1, old.Value, err)
		}, func(ctx context.Context) error {
			swapped, err := v.CAS(ctx, old, 2)
			return is(true, swapped, err)
		}, func(ctx context.Context) error {
			next, stop := iter.Pull2(v.Watch(ctx))
			defer stop()
			now, err, _ := next()
			if err := is(2, now.Value, err); err != nil {
				return err
			}
			theirs := counter.NewValue(s.other, path, recipes.JSON[int]())
			if err := theirs.Set(ctx, 3); err != nil {
				return err
			}
			now, err, _ = next()
			return is(3, now.Value, err)
		}, func(ctx context.Context) error {
			_, stat, err := s.other.Get(ctx, path)
			return errors.Join(is(2, stat.Version, err), s.becomes(ctx, path, 0))
		}}
}

func uniqueScenario(s *scene) []step {
	numbers := naming.NewIDs(s.c, "/app/ids", 2)
	seen := map[any]bool{}
	name := func(ctx context.Context) error {
		name, err := naming.Unique(ctx, s.c, path, "n-")
		before := seen[name]
		seen[name] = true
		return is(false, before, err)
	}
	all := []step{name, name}
	for range 5 {
		all = append(all, func(ctx context.Context) error {
			id, err := numbers.Next(ctx)
			before := seen[id]
			seen[id] = true
			return is(false, before, err)
		})
	}
	return all
}

func workerScenario(s *scene) []step {
	var h *recipes.Held
	round := []step{func(ctx context.Context) error {
		held, id, err := naming.WorkerID(ctx, s.c, path, 1)
		if h = held; err != nil {
			return err
		}
		return is(0, id, s.isHeldBy(ctx, s.c, h))
	}, func(ctx context.Context) error { return h.Release(ctx) },
		func(ctx context.Context) error { return s.becomes(ctx, path, 1) }}
	return append(round, round...)
}

func nodeScenario(mode node.Mode) scenario {
	return func(s *scene) []step {
		var n *node.Node
		return []step{func(ctx context.Context) (err error) {
			n, err = node.Persistent(ctx, s.c, path, []byte("1"), mode)
			return err
		}, func(ctx context.Context) error {
			if err := n.Update(ctx, []byte("2")); err != nil {
				return err
			}
			data, _, err := s.other.Get(ctx, path)
			return is("2", string(data), err)
		}, func(ctx context.Context) error {
			if err := s.other.Delete(ctx, path, client.AnyVersion); err != nil {
				return err
			}
			for { // until it is made again
				_, exists, w, err := s.other.ExistsW(ctx, path)
				if err != nil || exists {
					return err
				}
				if _, err := w.Next(ctx); err != nil {
					return err
				}
			}
		}, func(ctx context.Context) error { return n.Close(ctx) }}
	}
}

func topicScenario(s *scene) []step {
	top := topic.New(s.c, path, 5)
	publishes := func(want int64) step {
		return func(ctx context.Context) error {
			seq, err := top.Publish(ctx, fmt.Append(nil, want))
			return is(want, seq, err)
		}
	}
	reads := func(messages func(context.Context) iter.Seq2[topic.Message, error], first int64) step {
		return func(ctx context.Context) error {
			for m, err := range messages(ctx) {
				if err := is(fmt.Sprint(first), string(m.Data), err); err != nil {
					return err
				}
				if first++; first > 3 {
					break
				}
			}
			return nil
		}
	}
	cursor := top.Cursor("name")
	return []step{publishes(1), publishes(2), publishes(3),
		reads(func(ctx context.Context) iter.Seq2[topic.Message, error] {
			return top.Subscribe(ctx, topic.Oldest)
		}, 1),
		func(ctx context.Context) error { return cursor.Save(ctx, 1) },
		func(ctx context.Context) error {
			seq, err := cursor.Seq(ctx)
			return is(1, seq, err)
		}, reads(cursor.Messages, 2)}
}

func taskScenario(s *scene) []step {
	tasks := task.New(s.c, path)
	var worker *task.Worker
	var cl *task.Claim
	claims := func(left string) step {
		return func(ctx context.Context) (err error) {
			if cl, err = worker.Claim(ctx); err != nil {
				return err
			}
			return is("1 "+left, string(cl.Data)+" "+string(cl.Left), cl.Err())
		}
	}
	return []step{func(ctx context.Context) (err error) {
		worker, err = tasks.Join(ctx, "w", nil)
		return err
	}, func(ctx context.Context) error { return tasks.Submit(ctx, "a", []byte("1")) },
		claims(""), func(ctx context.Context) error { return cl.Progress(ctx, []byte("2")) },
		func(ctx context.Context) error { return cl.Release(ctx) }, claims("2"),
		func(ctx context.Context) error {
			now, err := tasks.Get(ctx, "a")
			return is(task.Claimed, now.State, err)
		},
		func(ctx context.Context) error { return cl.Finish(ctx, []byte("3")) },
		func(ctx context.Context) error {
			done, err := tasks.Wait(ctx, "a")
			return is("3", string(done.Outcome), err)
		}, func(ctx context.Context) error {
			all, err := tasks.All(ctx)
			return is(1, len(all), err)
		}, func(ctx context.Context) error {
			all, err := tasks.Workers(ctx)
			return is(1, len(all), err)
		}, func(ctx context.Context) error { return tasks.Forget(ctx, "a") },
		func(ctx context.Context) error { return worker.Leave(ctx) },
		func(ctx context.Context) error { return s.becomes(ctx, path+"/claims", 0) }}
}

func partitionScenario(s *scene) []step {
	items := []string{"a", "b"}
	// has reads the assignments of a member until it has so many items.
	has := func(next func() (partition.Assignment, error, bool), n int) error {
		for {
			a, err, ok := next()
			if err != nil || len(a.Items) == n || !ok {
				return err
			}
		}
	}
	return []step{func(ctx context.Context) error {
		join := func(c *client.Client, id string) iter.Seq2[partition.Assignment, error] {
			return partition.Join(ctx, c, "/app", id, items, partition.RoundRobin)
		}
		ours, stop := iter.Pull2(join(s.c, "1"))
		defer stop()
		if err := has(ours, 2); err != nil {
			return err
		}
		theirs, stopTheirs := iter.Pull2(join(s.other, "2"))
		defer stopTheirs()
		both := inBackground(func() error { return has(theirs, 1) })
		err := has(ours, 1)
		more := inBackground(func() error { return has(ours, 2) }) // acknowledges
		<-both.done
		if err = errors.Join(err, both.err); err != nil {
			<-more.done
			return err
		}
		stopTheirs()
		<-more.done
		return more.err
	}, func(ctx context.Context) error { return s.becomes(ctx, "/app/members", 0) }}
}

func twoPhaseScenario(s *scene) []step {
	who := []string{"a", "b"}
	var tx *twophase.Tx
	begins := func(id string) step {
		return func(ctx context.Context) (err error) {
			tx, err = twophase.Begin(ctx, s.c, path, id, who, nil)
			return err
		}
	}
	ends := func(want twophase.Outcome, how func(context.Context) (twophase.Outcome, error)) step {
		return func(ctx context.Context) error {
			o, err := how(ctx)
			if err := is(want, o, err); err != nil {
				return err
			}
			if o, err = tx.Outcome(ctx); err != nil {
				return err
			}
			return errors.Join(is(want, o, nil), tx.Forget(ctx))
		}
	}
	return []step{begins("1"), func(ctx context.Context) error {
		p, err := tx.Proposal(ctx)
		return is(2, len(p.Participants), err)
	}, func(ctx context.Context) error { return tx.Vote(ctx, "a", true) },
		func(ctx context.Context) error { return tx.Vote(ctx, "b", true) },
		ends(twophase.Committed, func(ctx context.Context) (twophase.Outcome, error) {
			return tx.Decide(ctx)
		}), begins("2"),
		ends(twophase.Aborted, func(ctx context.Context) (twophase.Outcome, error) {
			return tx.Abort(ctx)
		}), func(ctx context.Context) error { return s.becomes(ctx, path, 0) }}
}
