package reactor

import (
	"context"

	errorx "github.com/panjf2000/gnet/v2/pkg/errors"
)

// endOfEngine is a task that has gnet end its engine.
type endOfEngine struct{}

func (endOfEngine) Run(context.Context) error { return errorx.ErrEngineShutdown }
