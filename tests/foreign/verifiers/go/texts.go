// Put the exam (standard input) to Go's JWT libraries; print one line of JSON per refusal.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

// Question is one bad token, key set or header, as the exam has it.
type Question struct {
	Name          string  `json:"name"`
	About         string  `json:"about"`
	Token         string  `json:"token"`
	Authorization *string `json:"authorization"`
	LeewayS       int     `json:"leeway_s"`
	KeysURL       string  `json:"keys_url"`
}

func (question Question) leeway() time.Duration {
	return time.Duration(question.LeewayS) * time.Second
}

// Paper is the exam.
type Paper struct {
	Issuer     string          `json:"issuer"`
	Audience   string          `json:"audience"`
	Kid        string          `json:"kid"`
	JWKS       json.RawMessage `json:"jwks"`
	PEM        string          `json:"pem"`
	Situations []Question      `json:"situations"`
}

// Judge verifies one token, and returns what the library says.
type Judge func(Question) error

// Library is one library as its users use it; about names the questions that it can be asked.
type Library struct {
	name   string
	module string
	about  []string
	make   func(Paper) Judge
}

// Line is one refusal.
type Line struct {
	Library   string `json:"library"`
	Version   string `json:"version"`
	Situation string `json:"situation"`
	Text      string `json:"text"`
}

func main() {
	var paper Paper
	if err := json.NewDecoder(os.Stdin).Decode(&paper); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	versions := versions()
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, library := range libraries {
		judge := library.make(paper)
		for _, question := range paper.Situations {
			if !slices.Contains(library.about, question.About) {
				continue
			}
			if err := judge(question); err != nil {
				_ = out.Encode(Line{library.name, versions[library.module], question.Name, err.Error()})
			}
		}
	}
}

func versions() map[string]string {
	found := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			found[module.Path] = module.Version
		}
	}
	return found
}
