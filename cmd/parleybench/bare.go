package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"parley/cmd/internal/bench"
)

// bare is a process of this program that does the least that could be called
// the same work. It is told how long to work, one duration a line, and answers
// each with a result in JSON. It ends when its input does.
type bare struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	out   *json.Decoder
}

// startBare runs this program with args, one of the hidden commands.
func startBare(ctx context.Context, args ...string) (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	b := &bare{cmd: exec.CommandContext(ctx, self, args...)}
	b.cmd.Stderr = os.Stderr
	if b.input, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.out = json.NewDecoder(out)
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the bare limit: %w", err)
	}
	return b, nil
}

// read reads the next JSON value that the process writes.
func (b *bare) read(into any) error {
	if err := b.out.Decode(into); err != nil {
		return fmt.Errorf("reading from the bare limit: %w", err)
	}
	return nil
}

// run has it work for d.
func (b *bare) run(d time.Duration) (bench.Result, error) {
	var r bench.Result
	if _, err := fmt.Fprintln(b.input, d); err != nil {
		return r, fmt.Errorf("telling the bare limit to work: %w", err)
	}
	return r, b.read(&r)
}

// Close ends the process and waits.
func (b *bare) Close() error { return errors.Join(b.input.Close(), b.cmd.Wait()) }

// obey is the other side of bare: it works as long as each line of in says.
func obey(ctx context.Context, in io.Reader, out io.Writer, work func(ctx context.Context, d time.Duration) (bench.Result, error)) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		d, err := time.ParseDuration(lines.Text())
		if err != nil {
			return fmt.Errorf("reading how long to work: %w", err)
		}
		r, err := work(ctx, d)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	return nil
}
