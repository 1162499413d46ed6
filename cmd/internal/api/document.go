package api

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
)

// Upload adds a file to a corpus, under a name that may be "", and answers the
// id of its document, which is indexed after that.
func (c *Client) Upload(ctx context.Context, corpus int64, name, file string, content []byte) (int64, error) {
	q := request{method: http.MethodPost, path: fmt.Sprintf("/api/corpus/%d/document", corpus)}
	var err error
	if q.body, q.contentType, err = uploadForm(name, file, content); err != nil {
		return 0, fmt.Errorf("writing the upload of %s: %w", file, err)
	}
	var answer struct{ Data struct{ ID int64 } }
	err = c.send(ctx, q, &answer)
	return answer.Data.ID, err
}

func uploadForm(name, file string, content []byte) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if err := form.WriteField("content_type", "file"); err != nil {
		return nil, "", err
	}
	if name != "" {
		if err := form.WriteField("name", name); err != nil {
			return nil, "", err
		}
	}
	part, err := form.CreateFormFile("source", file)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(content); err != nil {
		return nil, "", err
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), form.FormDataContentType(), nil
}
