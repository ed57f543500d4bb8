/**
 * What a visitor of the bot does not need, in a script of its own: the card of who waits, the forms for a call, an answer
 * or the transcript by e-mail, files to be sent, the question before everything is deleted, the stars, and what these do;
 * a long history's beginning, the sound. The panel loads it when the first of them is near.
 */
import { chime, wake } from '../view/chime';
import * as acts from './acts';
import * as forms from './forms';
import { type Kit as Borrowed, take } from './kit';
import css from './more.css?inline';
import * as picked from './picked';
import { ratings } from './ratings';
import * as waits from './waiting';

export type Kit = Borrowed;

const parts = { ...acts, ...forms, ...picked, ...waits, ratings, chime, wake, css };
export type More = typeof parts;

window.Silta?.bring('more', (kit) => {
  take(kit);
  return parts;
});
