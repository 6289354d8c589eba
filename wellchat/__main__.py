from wellchat.cli import main

main()
