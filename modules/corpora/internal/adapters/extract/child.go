package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"parley/modules/corpora/internal/core/document"
)

// task is the first line that a child reads; the file's bytes follow it.
type task struct {
	Hint   document.Hint
	Size   int64
	Limits Limits
	// Prepare: only fill Limits.CacheDir; there is no file.
	Prepare bool `json:",omitempty"`
}

// outcome is all that a child writes.
type outcome struct {
	Document *document.Extracted `json:",omitempty"`
	// Code, Message and Cause tell an error; Code is one of the family's. MIME
	// is of a file of a known type.
	Code, Message, Cause, MIME string
}

// ServeChild reads one file from stdin, as an Extractor with Limits.Child set
// sends it, writes the outcome to stdout and returns. It limits the memory and
// the processor time of the whole process, so it must be all that the process
// does. The error is nil when an outcome, good or bad, was written; otherwise
// main must exit with status 1.
func ServeChild(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the task: %w", err)
	}
	var t task
	if err := json.Unmarshal(line, &t); err != nil {
		return fmt.Errorf("reading the task: %w", err)
	}
	t.Limits = t.Limits.withDefaults()
	if t.Size < 0 || t.Size > t.Limits.MaxBytes {
		return fmt.Errorf("reading the task: a file of %d bytes", t.Size)
	}
	if err := limitProcess(t.Limits); err != nil {
		return fmt.Errorf("limiting the process: %w", err)
	}
	if t.Prepare {
		return compile(ctx, t.Limits)
	}
	data := make([]byte, t.Size)
	if _, err := io.ReadFull(in, data); err != nil {
		return fmt.Errorf("reading the file: %w", err)
	}
	doc, err := parse(ctx, bytes.NewReader(data), t.Size, t.Hint, t.Limits)
	if err := json.NewEncoder(stdout).Encode(outcomeOf(doc, err)); err != nil {
		return fmt.Errorf("writing the outcome: %w", err)
	}
	return nil
}

func outcomeOf(doc document.Extracted, err error) outcome {
	if err == nil {
		return outcome{Document: &doc}
	}
	out := outcome{Code: ErrBroken.Code, Message: ErrBroken.Message, Cause: err.Error(), MIME: doc.MIME}
	for _, member := range family {
		if errors.Is(err, member) {
			out.Code, out.Message = member.Code, sentence(err)
		}
	}
	return out
}

func (o outcome) result() (document.Extracted, error) {
	if o.Document != nil {
		return *o.Document, nil
	}
	for _, member := range family {
		if member.Code == o.Code {
			return document.Extracted{MIME: o.MIME}, fmt.Errorf("%w: %s", member.WithMessage(o.Message), o.Cause)
		}
	}
	return document.Extracted{}, broken("file", fmt.Errorf("the reader answered with code %q", o.Code))
}

// runChild has a child process read the file, and kills it when ctx ends.
func runChild(ctx context.Context, src io.ReaderAt, size int64, hint document.Hint, limits Limits) (document.Extracted, error) {
	var none document.Extracted
	line, err := json.Marshal(task{Hint: hint, Size: size, Limits: limits})
	if err != nil {
		return none, fmt.Errorf("writing the task: %w", err)
	}
	cmd := childCommand(ctx, limits, io.MultiReader(bytes.NewReader(append(line, '\n')), io.NewSectionReader(src, 0, size)))
	answer := &capped{left: 2*limits.MaxText + limits.MaxBlocks*100 + 1<<20}
	complaint := &capped{left: 4 << 10, quiet: true}
	cmd.Stdout, cmd.Stderr = answer, complaint
	err = cmd.Run()
	if ctx.Err() != nil {
		return none, ctx.Err()
	}
	var out outcome
	if err == nil {
		err = json.Unmarshal(answer.buf.Bytes(), &out)
	}
	if err == nil {
		return out.result()
	}
	said := complaint.buf.String()
	err = fmt.Errorf("reading a file in a child process: %w: %s", err, said)
	var exit *exec.ExitError
	switch {
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"), strings.Contains(said, "failed to allocate"):
		return none, fmt.Errorf("%w: %w", tooLarge("Reading the file takes more than %d MB of memory.", limits.ChildMemory>>20), err)
	case errors.As(err, &exit) && (exit.ExitCode() == crashed || exit.ExitCode() == killed):
		return none, broken("file", err)
	}
	return none, err // the fault is not the file's
}

func childCommand(ctx context.Context, limits Limits, stdin io.Reader) *exec.Cmd {
	cmd := exec.CommandContext(ctx, limits.Child[0], limits.Child[1:]...)
	cmd.Stdin = stdin
	// Nothing of the server's environment, which may hold secrets.
	cmd.Env = []string{
		"GOMEMLIMIT=" + strconv.FormatInt(limits.ChildMemory*3/4, 10),
		"GOMAXPROCS=1",
	}
	cmd.WaitDelay = childWait
	return cmd
}

const (
	crashed = 2  // how the Go runtime ends a process that it can't go on with
	killed  = -1 // by a signal
	// childWait is for the pipes of a child that was killed.
	childWait = time.Second
)

// errCapped ends the copying of a child's output.
var errCapped = errors.New("the child writes too much")

// capped keeps as much as it may; quiet drops the rest without an error.
type capped struct {
	buf   bytes.Buffer
	left  int
	quiet bool
}

func (c *capped) Write(p []byte) (int, error) {
	keep := min(len(p), c.left)
	c.left -= keep
	c.buf.Write(p[:keep])
	if keep < len(p) && !c.quiet {
		return keep, errCapped
	}
	return len(p), nil
}
