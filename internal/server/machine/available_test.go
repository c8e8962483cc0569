package machine

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheMemoryLimitIsTheLeastOfThoseThatHold(t *testing.T) {
	const machine = "MemTotal:       24000000 kB\nMemFree:         100 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nobody tells": {nil, math.MaxInt64},
		"the machine's": {map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/\n",
		}, 24_000_000 << 10},
		"version 2": {map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "536870912\n",
		}, 512 << 20},
		"version 2 in a container": {map[string]string{
			"/proc/self/cgroup": "0::/kubepods/pod1\n", "/sys/fs/cgroup/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 1": {map[string]string{
			"/proc/meminfo":     machine,
			"/proc/self/cgroup": "5:cpu:/other\n4:memory:/docker/x\n",
			"/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "268435456\n",
			"/sys/fs/cgroup/memory/other/memory.limit_in_bytes":    "1\n",
		}, 256 << 20},
		"version 1 without a limit": {map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "4:memory:/\n",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 24_000_000 << 10},
	} {
		read := func(name string) ([]byte, error) {
			if text, ok := c.files[name]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		}
		require.Equal(t, c.want, memoryLimit(read), name)
	}
	require.Equal(t, int64(5), OrQuarter(5))
	require.GreaterOrEqual(t, OrQuarter(0), int64(quarterMinBytes))
	require.Equal(t, int64(5), InputBudget(5))
	require.Equal(t, int64(1<<40), InputBudget(1<<40))
	require.LessOrEqual(t, InputBudget(0), int64(inputMostBytes))
	require.GreaterOrEqual(t, InputBudget(0), int64(quarterMinBytes))
}
