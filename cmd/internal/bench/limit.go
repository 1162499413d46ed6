package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LimitMemory lets the kernel kill the process when it needs more than so many
// bytes, caches aside. Its error says that this machine does not let us. Remove
// comes after the end of the process.
func LimitMemory(pid int, limit int64) (remove func() error, err error) {
	const root = "/sys/fs/cgroup"
	for _, v := range []struct{ parent, known, limit string }{
		{root, "cgroup.controllers", "memory.max"},                                        // version 2
		{filepath.Join(root, "memory"), "memory.limit_in_bytes", "memory.limit_in_bytes"}, // version 1
	} {
		known, readErr := os.ReadFile(filepath.Join(v.parent, v.known))
		if readErr != nil || v.parent == root && !strings.Contains(string(known), "memory") {
			continue
		}
		if v.parent == root {
			_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+memory"), 0o644) // or the limit can't be set
		}
		dir := filepath.Join(v.parent, fmt.Sprintf("parley-bench-%d", pid))
		if err = os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		err = errors.Join(
			os.WriteFile(filepath.Join(dir, v.limit), []byte(strconv.FormatInt(limit, 10)), 0o644),
			os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644),
		)
		if err == nil {
			return func() error { return os.Remove(dir) }, nil
		}
		_ = os.Remove(dir) // nothing is in it
	}
	return nil, errors.Join(errors.New("no control group for memory can be made"), err)
}
