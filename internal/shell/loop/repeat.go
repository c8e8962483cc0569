package loop

import (
	"context"
	"strconv"
	"time"

	"quoll/internal/shell/fault"
)

// repeat runs a line again and again: loop N DELAY VERB... It ends with the first error.
func repeat(ctx context.Context, s *Shell, args []string) error {
	if len(args) < 3 {
		return fault.Usage("loop N DELAY VERB...")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 {
		return fault.Usage("loop: %q is not how often", args[0])
	}
	delay, err := time.ParseDuration(args[1])
	if seconds, number := strconv.ParseFloat(args[1], 64); number == nil {
		delay, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || delay < 0 {
		return fault.Usage("loop: %q is not a time such as 500ms or 2s", args[1])
	}
	if args[2] == "loop" || args[2] == "redo" {
		return fault.Usage("loop: not %s", args[2])
	}
	for i := 0; n == 0 || i < n; i++ {
		if i > 0 {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.line(ctx, args[2:])
		if s.code != fault.CodeDone {
			return nil
		}
	}
	return nil
}
