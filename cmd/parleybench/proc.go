package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of /proc/<pid>/stat: Linux counts in hundredths of a second
// on every architecture that Go runs on.
const tick = time.Second / 100

// process is what /proc/<pid>/stat says of a process.
type process struct {
	parent int
	name   string
	// own is user and system time; ended is that of children that have ended.
	own, ended time.Duration
}

// parseStat reads the text of /proc/<pid>/stat. The name, in parentheses, may
// have spaces and parentheses in it.
func parseStat(stat []byte) (process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, fmt.Errorf("no process name in %q", stat)
	}
	fields := bytes.Fields(stat[end+1:]) // the third field of the file is the first here
	if len(fields) < 15 {
		return process{}, fmt.Errorf("too few fields in %q", stat)
	}
	var n [5]int64
	for i, at := range []int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		v, err := strconv.ParseInt(string(fields[at]), 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("reading %q: %w", stat, err)
		}
		n[i] = v
	}
	return process{
		parent: int(n[0]), name: string(stat[open+1 : end]),
		own: time.Duration(n[1]+n[2]) * tick, ended: time.Duration(n[3]+n[4]) * tick,
	}, nil
}

func readProcess(pid int) (process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
	}
	return parseStat(stat)
}

// cpuOf answers the CPU time of a process and of all its children, those that
// have ended included. That of a postmaster is the whole server's.
func cpuOf(pid int) (time.Duration, error) {
	p, err := readProcess(pid)
	if err != nil {
		return 0, err
	}
	sum := p.own + p.ended
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		if child, err := parseStat(stat); err == nil && child.parent == pid {
			sum += child.own + child.ended
		}
	}
	return sum, nil
}
