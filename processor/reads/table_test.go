package reads

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/processor/op"
)

// Each read of the table of operations has its function here.
func TestEveryReadHasItsFunction(t *testing.T) {
	for _, row := range op.Rows() {
		require.Equal(t, row.Kind.FromTree(), answers.Of(row.Op) != nil, row.Op)
	}
}
