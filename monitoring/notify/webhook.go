package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// slackMessage is an incoming webhook's message, in the form that Slack,
// Mattermost and Rocket.Chat take.
type slackMessage struct {
	Text        string            `json:"text"`
	Attachments []slackAttachment `json:"attachments"`
}

type slackAttachment struct {
	Fallback string       `json:"fallback"`
	Color    string       `json:"color"`
	Title    string       `json:"title"`
	Link     string       `json:"title_link"`
	Text     string       `json:"text"`
	Fields   []slackField `json:"fields"`
	Stamp    int64        `json:"ts"`
}

type slackField struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

func (m message) slack() slackMessage {
	fields := []slackField{{"State", m.State, true}, {"Host", m.Host, true}}
	for _, f := range []slackField{{"By", m.Author, true}, {"Comment", m.Comment, false}, {"What now", m.Runbook, false}} {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return slackMessage{Text: m.head, Attachments: []slackAttachment{{
		Fallback: m.head + ": " + m.Output, Color: m.Colour(), Title: m.Subject(), Link: m.Link,
		Text: m.Output, Fields: fields, Stamp: m.Time.Unix(),
	}}}
}

func post(ctx context.Context, file string, m message) error {
	address, err := secret(file)
	if err != nil {
		return fmt.Errorf("read webhook of %s: %w", m.Contact, err)
	}
	body, err := json.Marshal(m.slack())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the webhook of %s is no URL", m.Contact) // which is a secret, so that err must not say it
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	var fault *url.Error
	if errors.As(err, &fault) {
		err = fault.Err
	}
	if err != nil {
		return fmt.Errorf("post to the webhook of %s: %w", m.Contact, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post to the webhook of %s: status %d", m.Contact, resp.StatusCode)
	}
	return nil
}
