// Command revoke has a backup run under a lock for as long as nobody else wants it. A restore asks
// for the lock, and gets it when the backup has come to a point where it can stop.
//
//	go run ./examples/revoke -servers localhost:2181 -path /locks/disk
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/locks/disk", "path of the lock")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	disk := lock.New(c, path)
	held, err := disk.Lock(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return backup(ctx, held) })
	group.Go(func() error { return restore(ctx, disk) })
	return group.Wait()
}

// backup works until somebody asks for the lock. Nobody can force it: that is what it agrees to.
func backup(ctx context.Context, held *recipes.Held) error {
	fmt.Println("the backup has the disk")
	select {
	case <-lock.Revoked(held):
		fmt.Println("the backup stops, because it is asked to")
	case <-held.Lost():
		return held.Err()
	case <-ctx.Done():
	}
	return held.Release(context.WithoutCancel(ctx))
}

func restore(ctx context.Context, disk *lock.Mutex) error {
	holders, err := disk.Contenders(ctx)
	if err != nil {
		return err
	}
	if err := disk.Revoke(ctx, holders[0]); err != nil {
		return err
	}
	return disk.Do(ctx, func(context.Context) error {
		fmt.Println("the restore has the disk")
		return nil
	})
}
