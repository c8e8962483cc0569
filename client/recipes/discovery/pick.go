package discovery

import (
	"fmt"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// An instance of which this many calls in a row have failed is down for so long. These are
// Curator's numbers.
const (
	tooManyErrors = 2
	downFor       = 30 * time.Second
)

// usage is what this process knows of an instance by using it.
type usage struct {
	pending int       // picked, and not done
	errors  int       // in a row
	down    time.Time // until when
}

// Candidate is what a Picker sees of an instance.
type Candidate struct {
	ID      string
	Weight  int     // 1 unless the payload tells
	Load    float64 // 0 unless the payload tells
	Pending int     // calls by this Service that are not done
}

// Picker chooses one of several candidates, of which there is one at least, by its index. It may be
// used by many goroutines.
type Picker interface {
	Pick(candidates []Candidate) int
}

// Pick picks an instance that is enabled and not down. If all are down, it picks one of those. done
// must be called once with the error of whatever the instance was picked for: two errors in a row
// mark the instance as down for 30 s. If there is no instance, the error is client.ErrNoNode.
func (s *Service[T]) Pick(p Picker) (in Instance[T], done func(err error), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var up, all []Candidate
	var upAt, allAt []int
	for i := range s.view.Instances {
		in := &s.view.Instances[i]
		if in.Disabled {
			continue
		}
		c, down := s.candidate(in), false
		if u := s.usage[in.ID]; u != nil {
			c.Pending, down = u.pending, now.Before(u.down)
		}
		all, allAt = append(all, c), append(allAt, i)
		if !down {
			up, upAt = append(up, c), append(upAt, i)
		}
	}
	if len(up) == 0 {
		up, upAt = all, allAt
	}
	if len(up) == 0 {
		return in, nil, hold.Wrap("pick", s.path,
			fmt.Errorf("%w: no instance of %s", client.ErrNoNode, s.name))
	}
	in = s.view.Instances[upAt[p.Pick(up)]]
	u := s.using(in.ID)
	u.pending++
	once := sync.Once{}
	return in, func(err error) { once.Do(func() { s.ended(u, err) }) }, nil
}

// candidate is an instance as its payload tells.
func (s *Service[T]) candidate(in *Instance[T]) Candidate {
	c := Candidate{ID: in.ID, Weight: 1}
	if w, ok := any(in.Payload).(interface{ Weight() int }); ok {
		c.Weight = w.Weight()
	}
	if l, ok := any(in.Payload).(interface{ Load() float64 }); ok {
		c.Load = l.Load()
	}
	return c
}

// using is what is known of an instance. s.mu is held.
func (s *Service[T]) using(id string) *usage {
	u := s.usage[id]
	if u == nil {
		u = &usage{}
		s.usage[id] = u
	}
	return u
}

// ended notes how a use has ended.
func (s *Service[T]) ended(u *usage, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.pending--
	if err == nil {
		u.errors, u.down = 0, time.Time{}
		return
	}
	if u.errors++; u.errors >= tooManyErrors {
		u.errors, u.down = 0, time.Now().Add(downFor)
	}
}

// MarkDown keeps an instance from being picked for d, by this Service. A d of 0 takes that back.
func (s *Service[T]) MarkDown(id string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.using(id).down = time.Now().Add(d)
}
