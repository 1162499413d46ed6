package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// prepareTime is how long the PDF library may take to be compiled: seconds,
// but on a machine that is busy many of them.
const prepareTime = 5 * time.Minute

// prepare has the PDF library compiled into Limits.CacheDir before the first PDF
// of this process is read, so that no file's own time goes into that. Without
// success, reading tells what is wrong.
func (x *Extractor) prepare(ctx context.Context) {
	x.preparing.Lock()
	defer x.preparing.Unlock()
	if x.prepared || x.limits.CacheDir == "" || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	limits := x.limits
	limits.MaxTime = prepareTime
	if len(limits.Child) == 0 {
		x.prepared = compile(ctx, limits) == nil
		return
	}
	line, err := json.Marshal(task{Limits: limits, Prepare: true})
	if err != nil {
		return
	}
	x.prepared = childCommand(ctx, limits, bytes.NewReader(append(line, '\n'))).Run() == nil
}

// compile compiles PDFium into the cache of this process's limits.
func compile(ctx context.Context, limits Limits) error {
	f := &pdfFile{limits: limits}
	defer f.close()
	if err := f.start(ctx); err != nil {
		return fmt.Errorf("compiling PDFium: %w", err)
	}
	return nil
}
