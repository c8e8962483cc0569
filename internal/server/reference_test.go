package server_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/reference"
	"quoll/persistence"
)

// interop/reference proves the tables right against Apache's server. With enableEagerACLCheck the
// answers are the same.
func TestServerKeepsTheReference(t *testing.T) {
	for name, setting := range map[string]string{
		"": "maxSessionTimeout=60000", "eager ": "zookeeper.enableEagerACLCheck=true",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		r := start(t, t.TempDir(), persistence.OS{}, "zookeeper.extendedTypesEnabled=true", setting)
		for _, table := range reference.Tables() {
			t.Run(name+table.Name, func(t *testing.T) {
				wrong, err := table.Run(ctx, r.addr)
				require.NoError(t, err)
				require.Empty(t, wrong)
			})
		}
		r.finish(t)
	}
}

// A write that would end Apache's server, now or when it takes the directory over, is refused.
func TestHostileWritesAreRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := start(t, t.TempDir(), persistence.OS{}, "maxSessionTimeout=60000")
	defer r.finish(t)
	wrong, err := reference.RefuseHostiles(ctx, r.addr)
	require.NoError(t, err)
	require.Empty(t, wrong)
}
