"""What makes edits of a text and a seed, without any judgement: masks filled in, or texts written anew."""
