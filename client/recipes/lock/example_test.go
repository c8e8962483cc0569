package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/internal/example"
)

// What runs under the lock writes with Check: the write fails once the lock is lost.
func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	if _, _, err := c.Create(ctx, "/report", nil); err != nil {
		log.Fatal(err)
	}

	h, err := lock.New(c, "/locks/report").Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	write := func() error {
		_, err := c.Multi(ctx, h.Check(), client.OpSet("/report", []byte("new"), client.AnyVersion))
		return err
	}
	fmt.Println("while it is held:", write())
	if err := h.Release(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("afterwards it fails:", errors.Is(write(), client.ErrNoNode))
	// Output:
	// while it is held: <nil>
	// afterwards it fails: true
}

func ExampleMutex_Do() {
	c, stop := example.Client()
	defer stop()
	m := lock.New(c, "/locks/report", recipes.WithData([]byte("worker 7")))
	err := m.Do(context.Background(), func(ctx context.Context) error {
		// ctx ends when the lock is lost. Do with ctx goes in again.
		h, _ := recipes.HeldFrom(ctx)
		if _, err := c.Multi(ctx, h.Check(), client.OpCreate("/report", nil)); err != nil {
			return err
		}
		list, err := m.Contenders(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("held by %s\n", list[0].Data)
		return m.Do(ctx, func(context.Context) error { return nil })
	})
	fmt.Println(err)
	// Output:
	// held by worker 7
	// <nil>
}

func ExampleMutex_TryLock() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	rw := lock.NewRW(c, "/locks/config")
	if _, err := rw.R().TryLock(ctx); err != nil {
		log.Fatal(err)
	}
	_, err := rw.W().TryLock(ctx)
	fmt.Println(errors.Is(err, recipes.ErrBusy))
	_, err = rw.R().TryLock(ctx)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// Whoever holds the lock is asked for it, and gives it back when it can.
func ExampleMutex_Revoke() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	m := lock.New(c, "/locks/report")
	h, err := m.Lock(ctx)
	if err != nil {
		log.Fatal(err)
	}
	list, err := m.Contenders(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Revoke(ctx, list[0]); err != nil {
		log.Fatal(err)
	}
	select {
	case <-lock.Revoked(h):
		fmt.Println("somebody wants it:", h.Err())
	case <-h.Lost():
		fmt.Println("it is lost")
	}
	fmt.Println(h.Release(ctx))
	// Output:
	// somebody wants it: <nil>
	// <nil>
}
