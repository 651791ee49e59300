"""Who and what comes in: requests judged before anything is parsed, uploads, named paths and addresses."""
