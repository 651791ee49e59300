"""What makes a shot a key shot, learned from people's scores (thesis §5.1-5.3): frozen, layer4, BiLSTM."""
