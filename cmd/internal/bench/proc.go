package bench

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

// Process is what /proc/<pid>/stat says of a process.
type Process struct {
	Parent int
	Name   string
	// own is user and system time; ended is that of children that have ended.
	Own, ended time.Duration
}

// parseStat reads the text of /proc/<pid>/stat. The name, in parentheses, may
// have spaces and parentheses in it.
func parseStat(stat []byte) (Process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, fmt.Errorf("no process name in %q", stat)
	}
	fields := bytes.Fields(stat[end+1:]) // the third field of the file is the first here
	if len(fields) < 15 {
		return Process{}, fmt.Errorf("too few fields in %q", stat)
	}
	var n [5]int64
	for i, at := range []int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		v, err := strconv.ParseInt(string(fields[at]), 10, 64)
		if err != nil {
			return Process{}, fmt.Errorf("reading %q: %w", stat, err)
		}
		n[i] = v
	}
	return Process{
		Parent: int(n[0]), Name: string(stat[open+1 : end]),
		Own: time.Duration(n[1]+n[2]) * tick, ended: time.Duration(n[3]+n[4]) * tick,
	}, nil
}

// ReadProcess reads what the process pid has used.
func ReadProcess(pid int) (Process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Process{}, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
	}
	return parseStat(stat)
}

// CPU answers the CPU time of a process and of all its children, those that
// have ended included. That of a postmaster is the whole server's.
func CPU(pid int) (time.Duration, error) {
	p, err := ReadProcess(pid)
	if err != nil {
		return 0, err
	}
	sum := p.Own + p.ended
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		if child, err := parseStat(stat); err == nil && child.Parent == pid {
			sum += child.Own + child.ended
		}
	}
	return sum, nil
}

// Memory is what a process has of the machine's, in bytes.
func Memory(pid int) (int64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(stat), &size, &resident); err != nil {
		return 0, fmt.Errorf("reading %q: %w", stat, err)
	}
	return resident * int64(os.Getpagesize()), nil
}
