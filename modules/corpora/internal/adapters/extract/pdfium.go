package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// pdfFile is an open PDF in a PDFium of its own, which runs as WebAssembly: it
// reaches no file, no network and no memory but its own.
type pdfFile struct {
	limits  Limits
	src     *io.SectionReader
	pdfium  pdfium.Pdfium
	doc     references.FPDF_DOCUMENT
	closers []func() // run from the last on
	// dictionaries and glyphs are read when they are first asked for.
	dictionaries pdfObjects
	glyphs       map[glyphCode]string
}

// wasmPage is the unit of WebAssembly memory.
const wasmPage = 64 << 10

// openPDF starts PDFium over a file. ctx must live as long as the pdfFile.
func openPDF(ctx context.Context, src io.ReaderAt, size int64, limits Limits) (*pdfFile, error) {
	f := &pdfFile{limits: limits, src: io.NewSectionReader(src, 0, size)}
	if err := f.restart(ctx); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// restart opens the file in a fresh PDFium.
func (f *pdfFile) restart(ctx context.Context) error {
	f.close()
	if err := f.start(ctx); err != nil {
		return fmt.Errorf("starting PDFium: %w", err)
	}
	return f.open()
}

// crashed reports whether PDFium ended itself, as it does when it has no more
// memory. It must be restarted before it is asked again.
func (f *pdfFile) crashed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "wasm error")
}

func (f *pdfFile) start(ctx context.Context) (err error) {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		// When its memory grows, the old and the new are there at once, and the
		// rest of the process needs its share of ChildMemory too.
		WithMemoryLimitPages(uint32(min(f.limits.ChildMemory*3/8/wasmPage, 1<<16)))
	if f.limits.CacheDir != "" {
		// Without the directory, the file is read all the same, after seconds.
		if cache, err := wazero.NewCompilationCacheWithDir(f.limits.CacheDir); err == nil {
			config = config.WithCompilationCache(cache)
			f.closers = append(f.closers, func() { _ = cache.Close(context.WithoutCancel(ctx)) })
		}
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx, MaxTotal: 1, RuntimeConfig: config,
		FSConfig: wazero.NewFSConfig(), // the default shows the whole file system
		Stdout:   io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return err
	}
	f.closers = append(f.closers, func() { _ = pool.Close() })
	f.pdfium, err = pool.GetInstance(time.Minute)
	return err
}

func (f *pdfFile) close() {
	for _, end := range slices.Backward(f.closers) {
		end()
	}
	f.closers = nil
}

func (f *pdfFile) open() error {
	if _, err := f.src.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	answer, err := f.pdfium.OpenDocument(&requests.OpenDocument{FileReader: f.src, FileReaderSize: f.src.Size()})
	switch {
	case err == nil:
		f.doc = answer.Document
		return nil
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return fmt.Errorf("%w: %w", ErrEncrypted, err)
	}
	return broken("PDF", err)
}

func (f *pdfFile) pages() (int, error) {
	answer, err := f.pdfium.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: f.doc})
	if err != nil {
		return 0, broken("PDF", err)
	}
	return answer.PageCount, nil
}

func (f *pdfFile) title() string {
	answer, err := f.pdfium.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: f.doc, Tag: "Title"})
	if err != nil {
		return ""
	}
	return answer.Value
}

// pdfPage is one loaded page; its reference is made anew by reload.
type pdfPage struct {
	file  *pdfFile
	index int
	ref   references.FPDF_PAGE
}

func (f *pdfFile) page(index int) (*pdfPage, error) {
	p := &pdfPage{file: f, index: index}
	return p, p.load()
}

func (p *pdfPage) load() error {
	answer, err := p.file.pdfium.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.file.doc, Index: p.index})
	if err != nil {
		return fmt.Errorf("loading page %d: %w", p.index+1, err)
	}
	p.ref = answer.Page
	return nil
}

func (p *pdfPage) close() {
	_, _ = p.file.pdfium.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: p.ref})
}

func (p *pdfPage) reload() error {
	p.close()
	return p.load()
}

func (p *pdfPage) request() requests.Page { return requests.Page{ByReference: &p.ref} }

// limitedBuffer refuses to grow beyond what is left.
type limitedBuffer struct {
	bytes.Buffer
	left int64
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errCapped
	}
	return b.Buffer.Write(p)
}
