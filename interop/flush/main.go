package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

type settings struct {
	quoll     string
	rounds    int
	clients   int
	bytes     int
	megabytes int
	phase     time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.IntVar(&s.rounds, "rounds", 4, "rounds, each with a new disk")
	flag.IntVar(&s.clients, "clients", 16, "clients that write")
	flag.IntVar(&s.bytes, "bytes", 3000, "size of a value")
	flag.IntVar(&s.megabytes, "megabytes", 256, "size of the disk, in the memory of this program")
	flag.DurationVar(&s.phase, "phase", 700*time.Millisecond, "how long clients write before the"+
		" failure, and again before the power cut")
	flag.Parse()
	if why := missing(); why != "" {
		fmt.Println("flush: skipped:", why)
		return
	}
	if err := campaign(s); err != nil {
		fmt.Fprintln(os.Stderr, "flush:", err)
		os.Exit(1)
	}
}

// campaign runs all rounds and counts what they came to.
func campaign(s settings) error {
	lost, refused, acked := 0, 0, 0
	for i := range s.rounds {
		r := &round{settings: s, acked: map[string][]byte{}, mapped: i%2 == 1, how: picking}
		if i%4 >= 2 {
			r.how = failing
		}
		err := r.once()
		acked += len(r.acked)
		fmt.Printf("flush: round %d: %d acknowledged before the failure, %d in all; the device failed %d"+
			" writes, exit code %v; cache held: %v; %v\n", i, r.first, len(r.acked), r.failed, r.codes,
			r.mapped, outcome(err))
		switch {
		case errors.Is(err, errLost):
			lost++
		case errors.Is(err, errRefused):
			refused++
		case err != nil:
			return err
		}
	}
	fmt.Printf("flush: %d rounds, %d acknowledged writes; %d rounds lost some, %d ended refused\n",
		s.rounds, acked, lost, refused)
	if lost+refused > 0 {
		return errors.New("acknowledged writes are not there")
	}
	return nil
}

func outcome(err error) string {
	if err == nil {
		return "all there"
	}
	return err.Error()
}

// once makes a disk, goes through the round, and removes the disk.
func (r *round) once() error {
	dir, err := os.MkdirTemp("", "quoll-flush-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, err := os.Create(dir + ".log")
	if err != nil {
		return err
	}
	r.log = log
	if r.disk, err = newDisk(dir, r.megabytes, []byte(marker)); err != nil {
		return err
	}
	defer r.disk.remove()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err = r.run(ctx); err == nil {
		_ = os.Remove(log.Name())
	}
	return errors.Join(err, log.Close())
}
