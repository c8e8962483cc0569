package main

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"quoll/interop/apache"
)

func oracle(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	if _, err := apache.ClassPath(ctx); errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	return ctx
}

// Two of Apache's servers agree: the masks are enough, and programs do not depend on time.
func TestApacheAgreesWithItself(t *testing.T) {
	ctx := oracle(t)
	s := setup{first: "apache", second: "apache", log: io.Discard}
	res, err := run(ctx, s, 1, 3000)
	if err != nil {
		t.Fatal(err)
	}
	if res.diff != nil {
		t.Errorf("%s\n%v\n%s", res.diff.sign, res.steps[len(res.steps)-1], res.diff.text)
	}
}

// The binary is named by QUOLL, as make interop does.
func TestQuollAnswersAsApacheDoes(t *testing.T) {
	quoll := os.Getenv("QUOLL")
	if quoll == "" {
		t.Skip("QUOLL names no binary")
	}
	ctx := oracle(t)
	for seed := uint64(1); seed <= 4; seed++ {
		s := setup{
			first: "apache", second: "quoll", binary: quoll, log: io.Discard, quota: seed%2 == 0,
		}
		res, err := run(ctx, s, seed, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if res.diff != nil {
			t.Errorf("seed %d, step %d: %s\n%s\n%s", seed, len(res.steps)-1, res.diff.sign,
				res.steps[len(res.steps)-1].Text(res.diff.request()), res.diff.text)
		}
	}
}
